// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does to a card of the tests what the PCI transport of a stock User Mode Linux gets wrong, one thing a load, and says what came of it.
 * The letters are those of src/Build/Profiles/uml/patches.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define REG_ECHO	0x00
#define REG_TRIGGER	0x04	/* counts its reads, each of which interrupts */
#define REG_LEVEL	0x08	/* what the interrupt line is */
#define WINDOW		0x1000	/* memory of the card */
#define BYTES		4096
#define FAR		0x1400000	/* in BAR 2, a register that echoes */

/* no memory of the kernel's */
#define NOWHERE		((void *)0x1000)

static char *check = "";
module_param(check, charp, 0444);

static void __iomem *regs, *far_regs;
static unsigned int heard, misread;
static bool shut_down;

static u32 pattern(int i)
{
	return 0x01020304 * (i + 1);
}

static irqreturn_t umprobe_irq(int irq, void *data)
{
	if (readl(regs + REG_ECHO) != pattern(0))
		misread++;
	writel(0, regs + REG_LEVEL);
	heard++;
	return IRQ_HANDLED;
}

static int compare(const char *what)
{
	int i;

	for (i = 0; i < BYTES / 4; i++) {
		u32 got = readl(regs + WINDOW + i * 4);

		if (got != pattern(i)) {
			pr_info("%s: word %d is %08x, not %08x\n", what, i, got, pattern(i));
			return -EIO;
		}
	}
	return 0;
}

static int hears(unsigned int wanted)
{
	int left = 1000;

	while (heard < wanted && left--)
		usleep_range(100, 200);
	return heard >= wanted && !misread ? 0 : -EIO;
}

/* A: an interrupt handler's own read, while a read is under way */
static int nested(struct pci_dev *pdev)
{
	u32 i;
	int ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);

	if (ret < 0)
		return ret;
	ret = request_irq(pci_irq_vector(pdev, 0), umprobe_irq, 0, "umprobe", pdev);
	if (ret)
		return ret;
	writel(pattern(0), regs + REG_ECHO);
	for (i = 1; !ret && i <= 200; i++)
		if (readl(regs + REG_TRIGGER) != i)
			ret = -EIO;
	if (!ret)
		ret = hears(1);
	pr_info("%u interrupts, %u of them misread\n", heard, misread);
	free_irq(pci_irq_vector(pdev, 0), pdev);
	pci_free_irq_vectors(pdev);
	return ret;
}

/* B: a copy to the card that is longer than a register */
static int copy_to(void)
{
	u32 *buffer = kmalloc(BYTES, GFP_KERNEL);
	int i;

	if (!buffer)
		return -ENOMEM;
	for (i = 0; i < BYTES / 4; i++)
		buffer[i] = pattern(i);
	memcpy_toio(regs + WINDOW, buffer, BYTES);
	kfree(buffer);
	return compare("copied");
}

/* C: a fill, which must not go to configuration space */
static int fill(struct pci_dev *pdev)
{
	u32 before, after, got;

	pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0, &before);
	memset_io(regs + WINDOW, 0x5a, 64);
	pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0, &after);
	got = readl(regs + WINDOW + 60);
	pr_info("filled with %08x\n", got);
	return before == after && got == 0x5a5a5a5a ? 0 : -EIO;
}

/* D: the pin */
static int pin(struct pci_dev *pdev)
{
	unsigned int i;
	int ret = request_irq(pdev->irq, umprobe_irq, IRQF_SHARED, "umprobe", pdev);

	if (ret) {
		pr_info("request_irq() gives %d\n", ret);
		return ret;
	}
	writel(pattern(0), regs + REG_ECHO);
	for (i = 1; !ret && i <= 50; i++) {
		writel(1, regs + REG_LEVEL);
		ret = hears(i);
	}
	pr_info("%u interrupts\n", heard);
	free_irq(pdev->irq, pdev);
	return ret;
}

/* Virtual time of 100 reads, each after a write or not */
static u64 reads_take(bool after_writes)
{
	u64 before = ktime_get_ns();
	int i;

	for (i = 0; i < 100; i++) {
		if (after_writes)
			writel(i, regs + REG_ECHO);
		readl(regs + REG_ECHO);
	}
	return ktime_get_ns() - before;
}

/* E: with time-travel=inf-cpu, an access after a write takes what an access takes */
static int timeless(void)
{
	unsigned long flags;
	u64 alone, both;

	local_irq_save(flags);
	alone = reads_take(false);
	both = reads_take(true);
	local_irq_restore(flags);
	pr_info("100 reads took %llu ns, 100 writes and 100 reads %llu ns\n", alone, both);
	/* the clock reads in steps of 256 ns */
	return both < 2 * alone + 1000 && both + 1000 > 2 * alone ? 0 : -ETIME;
}

/* F: a copy from the card to memory that has no address on the bus */
static int copy_from(void)
{
	u32 *buffer = vzalloc(BYTES);
	int i, ret = 0;

	if (!buffer)
		return -ENOMEM;
	for (i = 0; i < BYTES / 4; i++)
		writel(pattern(i), regs + WINDOW + i * 4);
	memcpy_fromio(buffer, regs + WINDOW, BYTES);
	for (i = 0; !ret && i < BYTES / 4; i++)
		if (buffer[i] != pattern(i)) {
			pr_info("word %d is %08x, not %08x\n", i, buffer[i], pattern(i));
			ret = -EIO;
		}
	vfree(buffer);
	return ret;
}

/* G: a register 20 MiB into a BAR */
static int far_away(struct pci_dev *pdev)
{
	u32 got;

	far_regs = pci_iomap(pdev, 2, 0);
	if (!far_regs)
		return -ENOMEM;
	writel(0x12345678, far_regs + FAR);
	got = readl(far_regs + FAR);
	pr_info("20 MiB into the BAR is %08x\n", got);
	pci_iounmap(pdev, far_regs);
	return got == 0x12345678 ? 0 : -EIO;
}

/* J: a fault in the kernel does not let interrupts in where they are off */
static int fault(struct pci_dev *pdev)
{
	unsigned long flags;
	unsigned int early;
	int ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	char byte;

	if (ret < 0)
		return ret;
	ret = request_irq(pci_irq_vector(pdev, 0), umprobe_irq, 0, "umprobe", pdev);
	if (ret)
		return ret;
	writel(pattern(0), regs + REG_ECHO);
	local_irq_save(flags);
	readl(regs + REG_TRIGGER);
	mdelay(2);
	ret = copy_from_kernel_nofault(&byte, NOWHERE, 1) == -EFAULT ? 0 : -EIO;
	early = heard;
	local_irq_restore(flags);
	if (!ret)
		ret = hears(1);
	pr_info("%u interrupts while they were off\n", early);
	free_irq(pci_irq_vector(pdev, 0), pdev);
	pci_free_irq_vectors(pdev);
	return early ? -EBUSY : ret;
}

static int umprobe_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = pcim_enable_device(pdev);

	if (ret)
		return ret;
	pci_set_master(pdev);
	regs = pcim_iomap(pdev, 0, 0);
	if (!regs)
		return -ENOMEM;
	switch (check[0]) {
	case 'A': ret = nested(pdev); break;
	case 'B': ret = copy_to(); break;
	case 'C': ret = fill(pdev); break;
	case 'D': ret = pin(pdev); break;
	case 'E': ret = timeless(); break;
	case 'F': ret = copy_from(); break;
	case 'G': ret = far_away(pdev); break;
	case 'J': ret = fault(pdev); break;
	}
	pr_info("check %s: %s (%d)\n", check, ret ? "wrong" : "right", ret);
	return 0;
}

static void umprobe_remove(struct pci_dev *pdev)
{
	if (shut_down)
		pr_emerg("removed after it was shut down\n");
}

/* H: whoever is shut down is not removed */
static void umprobe_shutdown(struct pci_dev *pdev)
{
	shut_down = true;
	pr_emerg("shut down\n");
}

static const struct pci_device_id umprobe_ids[] = {
	{ PCI_DEVICE(0x1234, 0xdefe) },
	{ }
};
MODULE_DEVICE_TABLE(pci, umprobe_ids);

static struct pci_driver umprobe_driver = {
	.name = "umprobe",
	.id_table = umprobe_ids,
	.probe = umprobe_probe,
	.remove = umprobe_remove,
	.shutdown = umprobe_shutdown,
};
module_pci_driver(umprobe_driver);

MODULE_DESCRIPTION("Checks of the PCI transport of User Mode Linux");
MODULE_LICENSE("GPL");
