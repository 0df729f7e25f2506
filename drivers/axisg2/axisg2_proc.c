// SPDX-License-Identifier: GPL-2.0-only
/* /proc/datadev_N: labels and order are those that scripts know. */
#include <linux/seq_file.h>
#include <linux/slab.h>
#include "axisg2.h"

static void read_words(struct axisg2_dev *dev, u32 offset, void *to, u32 bytes)
{
	__le32 word;
	u32 i;

	for (i = 0; i < bytes; i += 4) {
		word = cpu_to_le32(axisg2_read(dev, AXISG2_VERSION_BLOCK + offset + i));
		memcpy(to + i, &word, 4);
	}
}

void axisg2_read_version(struct axisg2_dev *dev, struct datadev_version *version)
{
	int i;

	memset(version, 0, sizeof(*version));
	version->firmware = axisg2_read(dev, AXISG2_VERSION_BLOCK);
	version->scratch_pad = axisg2_read(dev, AXISG2_VERSION_BLOCK + 0x004);
	version->up_time = axisg2_read(dev, AXISG2_VERSION_BLOCK + 0x008);
	read_words(dev, 0x300, version->fd_value, sizeof(version->fd_value));
	for (i = 0; i < 64; i++)
		version->user_values[i] = axisg2_read(dev, AXISG2_VERSION_BLOCK + 0x400 + 4 * i);
	version->device_id = axisg2_read(dev, AXISG2_VERSION_BLOCK + 0x500);
	read_words(dev, 0x600, version->git_hash, sizeof(version->git_hash));
	read_words(dev, 0x700, version->dna_value, sizeof(version->dna_value));
	read_words(dev, 0x800, version->build_string, sizeof(version->build_string));
	if (!planted(BUG_STRING_OPEN))
		version->build_string[sizeof(version->build_string) - 1] = 0;
}

static void show_backwards(struct seq_file *s, const char *label, const u8 *bytes, int count)
{
	seq_printf(s, "%s", label);
	while (count--)
		seq_printf(s, "%02x", bytes[count]);
	seq_putc(s, '\n');
}

/* AxiPcieSharedPkg.vhd of axi-pcie-core, in its order */
static const char *hardware_name(u32 type)
{
	static const char * const names[] = {
		"Undefined", "AlphaDataKu3", "BittWareXupVv8Vu13p", "SlacPgpCardG3", "SlacPgpCardG4",
		"XilinxAc701", "XilinxAlveoU50", "XilinxAlveoU200", "XilinxAlveoU250", "XilinxAlveoU280",
		"XilinxKc705", "XilinxKcu105", "XilinxKcu116", "XilinxKcu1500", "XilinxVcu128",
		"XilinxAlveoU55C", "XilinxVariumC1100", "AbacoPc821Ku085", "AbacoPc821Ku115", "BittWareXupVv8Vu9p",
	};

	return names[type < ARRAY_SIZE(names) ? type : 0];
}

static void show_firmware(struct seq_file *s, struct datadev_version *version)
{
	u32 hardware = version->user_values[9];

	seq_puts(s, "---------- Firmware Axi Version -----------\n");
	seq_printf(s, "     Firmware Version : 0x%x\n", version->firmware);
	seq_printf(s, "           ScratchPad : 0x%x\n", version->scratch_pad);
	seq_printf(s, "        Up Time Count : %u\n", version->up_time);
	if (memchr_inv(version->git_hash, 0, sizeof(version->git_hash)))
		show_backwards(s, "             Git Hash : ", version->git_hash, 20);
	else
		seq_puts(s, "             Git Hash : dirty (uncommitted code)\n");
	show_backwards(s, "            DNA Value : 0x", version->dna_value, 16);
	seq_printf(s, "         Build String : %s\n", (char *)version->build_string);
	seq_printf(s, "        Hardware Type : %s (0x%03X)\n", hardware_name(hardware & 0xFFF), hardware & 0xFFF);
	seq_printf(s, "    Bifurcation Index : %u\n", hardware >> 12 & 0xF);
}

static void show_groups(struct seq_file *s, struct axisg2_dev *dev)
{
	int i;

	for (i = 0; i < AXISG2_GROUPS; i++) {
		if (!(dev->groups_on & BIT(i)))
			continue;
		seq_printf(s, "         BG %i Threshold : %u\n", i, axisg2_read(dev, REG_BG_THRESHOLD(i)));
		seq_printf(s, "             BG %i Count : %u\n", i, axisg2_read(dev, REG_BG_COUNT(i)));
	}
}

static void show_engine(struct seq_file *s, struct axisg2_dev *dev)
{
	u32 enable = axisg2_read(dev, REG_ENABLE);

	seq_puts(s, "\n---------- DMA Firmware General ----------\n");
	seq_printf(s, "                    IRQ : %i\n", dev->irq);
	seq_printf(s, "          Int Req Count : %u\n", axisg2_read(dev, REG_INT_REQ_COUNT));
	seq_printf(s, "         Continue Count : %llu\n", dev->continued);
	seq_printf(s, "          Address Count : %u\n", dev->entries);
	seq_printf(s, "    Hw Write Buff Count : %u\n", READ_ONCE(dev->rx.places[IN_HW]));
	seq_printf(s, "     Hw Read Buff Count : %u\n", READ_ONCE(dev->tx.places[IN_HW]));
	seq_printf(s, "           Cache Config : 0x%x\n", axisg2_read(dev, REG_CACHE));
	seq_printf(s, "            Desc 128 En : %u\n", enable >> 16 & 1);
	seq_printf(s, "            Enable Ver  : 0x%x\n", enable);
	seq_printf(s, "      Driver Load Count : %u\n", enable >> 8 & 0xFF);
	seq_printf(s, "               IRQ Hold : %u\n", dev->version >= 3 ? axisg2_read(dev, REG_IRQ_HOLD_OFF) : 0);
	seq_printf(s, "              BG Enable : 0x%x\n", dev->groups_on);
	seq_printf(s, "           GPU Async En : %u\n", axisg2_has_gpu(dev));
	seq_printf(s, "            DMA Timeout : %u\n", dev->version >= 5 ? axisg2_read(dev, REG_TIMEOUT) : 0);
	show_groups(s, dev);
	axisg2_gpu_show(s, dev);
	seq_puts(s, "\n-------- DMA Kernel Driver General --------\n");
	seq_puts(s, " DMA Driver's Git Version : axisg2-1.0\n");
	seq_printf(s, " DMA Driver's API Version : 0x%x\n", DATADEV_API_VERSION);
	seq_puts(s, "         GPUAsync Support : " AXISG2_GPU_SUPPORT "\n");
	seq_printf(s, "         Discarded Frames : %llu\n", dev->discarded);
	seq_printf(s, "          Bad Completions : %llu\n", dev->bad);
}

static void show_pool(struct seq_file *s, struct axisg2_dev *dev, struct axisg2_pool *pool, const char *title, const char *queue)
{
	u32 places[AXISG2_PLACES];

	spin_lock(&dev->lock);
	memcpy(places, pool->places, sizeof(places));
	spin_unlock(&dev->lock);
	seq_printf(s, "\n---- %s ----\n", title);
	seq_printf(s, "         Buffer Count : %u\n", pool->count);
	seq_printf(s, "          Buffer Size : %u\n", dev->size);
	seq_printf(s, "          Buffer Mode : %i\n", dev->mode);
	seq_printf(s, "      Buffers In User : %u\n", places[IN_USER]);
	seq_printf(s, "        Buffers In Hw : %u\n", places[IN_HW]);
	seq_printf(s, "  Buffers In Pre-Hw Q : %u\n", places[IN_PRE_HW]);
	seq_printf(s, "  Buffers In %s Queue : %u\n", queue, places[IN_SW]);
	seq_printf(s, "       Tot Buffer Use : %u\n", places[IN_USER] + places[IN_HW] + places[IN_PRE_HW] + places[IN_SW]);
}

int axisg2_proc_show(struct seq_file *s, void *unused)
{
	struct axisg2_dev *dev = s->private;
	struct datadev_version *version = kmalloc(sizeof(*version), GFP_KERNEL);

	if (!version)
		return -ENOMEM;
	axisg2_read_version(dev, version);
	seq_printf(s, "PCIe[BUS:NUM:SLOT.FUNC] : %s\n", pci_name(dev->pdev));
	show_firmware(s, version);
	show_engine(s, dev);
	show_pool(s, dev, &dev->rx, "Read Buffers (Firmware->Software)", "Rx");
	show_pool(s, dev, &dev->tx, "Write Buffers (Software->Firmware)", "Sw");
	kfree(version);
	return 0;
}
