// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card's GPU core: frames to and from memory of a GPU, which programs of
 * the GPU ring for themselves, in the registers they have mapped. The driver
 * only tells the core where the buffers are, and takes them away again before
 * the memory goes: when told to, when the file that added them is closed, when
 * the GPU's driver says that the memory is gone, and when the card is.
 */
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <nv-p2p.h>
#include "axisg2.h"

#define GPU_CORE		AXISG2_GPU_CORE
#define GPU_BUFFERS		(GPU_CORE + 0x00)
#define GPU_AXI			(GPU_CORE + 0x04)
#define GPU_CONTROL		(GPU_CORE + 0x08)
#define GPU_RX_FRAMES		(GPU_CORE + 0x10)
#define GPU_TX_FRAMES		(GPU_CORE + 0x14)
#define GPU_WRITE_ERRORS	(GPU_CORE + 0x18)
#define GPU_READ_ERRORS		(GPU_CORE + 0x1C)
#define GPU_VERSION		(GPU_CORE + 0x30)
#define GPU_WRITE_TIMEOUTS	(GPU_CORE + 0x34)
#define GPU_LEAST_WRITE		(GPU_CORE + 0x3C)
#define GPU_MOST_READ		(GPU_CORE + 0x40)
#define GPU_MAX_SIZE		(GPU_CORE + 0x60)
#define GPU_ARM(n)		(GPU_CORE + 0x2000 + 4 * (n))
#define GPU_ADDRESS(read, n)	(GPU_CORE + ((read) ? 0x6000 : 0x4000) + 8 * (n))

#define CONTROL_WRITE		BIT(15)
#define CONTROL_READ		BIT(31)
#define CONTROL_READ_SHIFT	16

#define GPU_PAGE		0x10000ull
#define MOST_GPU_BUFFERS	1024

struct axisg2_gpu_buf {
	struct list_head link;
	struct axisg2_dev *dev;
	struct axisg2_file *owner;
	struct nvidia_p2p_page_table *pages;
	struct nvidia_p2p_dma_mapping *mapping;
	u64 start;	/* of its first page, as the GPU's user sees it */
	u64 dma;
	u32 size;
};

void axisg2_gpu_init(struct axisg2_dev *dev)
{
	struct axisg2_gpu *gpu = &dev->gpu;
	u32 version, most;

	mutex_init(&gpu->lock);
	INIT_LIST_HEAD(&gpu->bufs[0]);
	INIT_LIST_HEAD(&gpu->bufs[1]);
	if (!dev->has_gpu_core)
		return;
	version = axisg2_read(dev, GPU_VERSION) & 0xFF;
	most = axisg2_read(dev, GPU_BUFFERS) & 0x7FF;
	if (version != 4) {
		dev_warn(&dev->pdev->dev, "the GPU core says it is of version %u, and 4 is what this driver knows: it is left alone\n", version);
		return;
	}
	if (!most || most > MOST_GPU_BUFFERS) {
		dev_warn(&dev->pdev->dev, "the GPU core says it has %u buffers, 1 to %u make sense: it is left alone\n", most, MOST_GPU_BUFFERS);
		return;
	}
	gpu->version = version;
	gpu->most = most;
	gpu->header = axisg2_read(dev, GPU_AXI) >> 16 & 0xFF;
	axisg2_write(dev, GPU_CONTROL, 0);
	dev_info(&dev->pdev->dev, "GPU core version %u, %u buffers each way, headers of %u bytes\n", version, most, gpu->header);
}

static void write_address(struct axisg2_dev *dev, u32 reg, u64 address)
{
	axisg2_write(dev, reg, lower_32_bits(address));
	axisg2_write(dev, reg + 4, upper_32_bits(address));
}

/* After the read the core touches none of the buffers any more, and knows none. */
static void stop(struct axisg2_dev *dev)
{
	struct axisg2_gpu *gpu = &dev->gpu;
	u32 read, i;

	axisg2_write(dev, GPU_CONTROL, 0);
	for (read = 0; read < 2; read++)
		for (i = 0; i < gpu->count[read] && !planted(BUG_GPU_KNOWN); i++)
			write_address(dev, GPU_ADDRESS(read, i), 0);
	axisg2_write(dev, GPU_MAX_SIZE, 0);
	axisg2_read(dev, GPU_CONTROL);
	gpu->count[0] = 0;
	gpu->count[1] = 0;
	gpu->size = 0;
}

static void enable(struct axisg2_dev *dev)
{
	u32 control = 0;

	if (dev->gpu.count[0])
		control |= CONTROL_WRITE | (dev->gpu.count[0] - 1);
	if (dev->gpu.count[1])
		control |= CONTROL_READ | (dev->gpu.count[1] - 1) << CONTROL_READ_SHIFT;
	axisg2_write(dev, GPU_CONTROL, control);
}

/* Takes all buffers from the core. What memory is behind them goes back outside of the lock: that may wait for a callback. */
static void take_all(struct axisg2_dev *dev, struct list_head *taken)
{
	if (dev->gpu.count[0] || dev->gpu.count[1])
		stop(dev);
	list_splice_init(&dev->gpu.bufs[0], taken);
	list_splice_init(&dev->gpu.bufs[1], taken);
}

static void let_go(struct axisg2_gpu_buf *buf, bool gone)
{
	if (buf->mapping)
		nvidia_p2p_dma_unmap_pages(buf->dev->pdev, buf->pages, buf->mapping);
	if (gone)
		nvidia_p2p_free_page_table(buf->pages);
	else if (buf->pages)
		nvidia_p2p_put_pages(0, 0, buf->start, buf->pages);
	kfree(buf);
}

static void let_all_go(struct list_head *taken, struct axisg2_gpu_buf *gone)
{
	struct axisg2_gpu_buf *buf, *next;

	list_for_each_entry_safe(buf, next, taken, link)
		let_go(buf, buf == gone);
}

/* The GPU's memory goes away under us: a program has ended. Where the buffer is on no list, somebody is putting it back already. */
static void memory_gone(void *data)
{
	struct axisg2_gpu_buf *gone = data, *buf;
	struct axisg2_dev *dev = gone->dev;
	bool ours = false;
	LIST_HEAD(taken);
	int read, srcu = srcu_read_lock(&axisg2_srcu);

	mutex_lock(&dev->gpu.lock);
	for (read = 0; read < 2; read++)
		list_for_each_entry(buf, &dev->gpu.bufs[read], link)
			ours |= buf == gone;
	if (ours)
		take_all(dev, &taken);
	mutex_unlock(&dev->gpu.lock);
	let_all_go(&taken, gone);
	srcu_read_unlock(&axisg2_srcu, srcu);
}

static void remove_all(struct axisg2_dev *dev)
{
	LIST_HEAD(taken);

	mutex_lock(&dev->gpu.lock);
	take_all(dev, &taken);
	mutex_unlock(&dev->gpu.lock);
	let_all_go(&taken, NULL);
}

/* The card goes away. What a callback has taken before us it has let go before we return. */
void axisg2_gpu_remove(struct axisg2_dev *dev)
{
	remove_all(dev);
	synchronize_srcu(&axisg2_srcu);
}

void axisg2_gpu_release(struct axisg2_file *file)
{
	struct axisg2_gpu *gpu = &file->dev->gpu;
	struct axisg2_gpu_buf *buf;
	bool ours = false;
	int read;

	mutex_lock(&gpu->lock);
	for (read = 0; read < 2; read++)
		list_for_each_entry(buf, &gpu->bufs[read], link)
			ours |= buf->owner == file;
	mutex_unlock(&gpu->lock);
	if (ours)
		remove_all(file->dev);
}

static int in_one_piece(struct axisg2_dev *dev, struct axisg2_gpu_buf *buf)
{
	u32 i;

	for (i = 0; i < buf->mapping->entries; i++)
		if (buf->mapping->dma_addresses[i] != buf->mapping->dma_addresses[0] + i * GPU_PAGE)
			return dev_err_probe(&dev->pdev->dev, -EINVAL, "GPU memory is not in one piece on the bus: page %u of %u is elsewhere\n",
					     i, buf->mapping->entries);
	return 0;
}

/* Where it fails half way, let_go() undoes what was done. */
static int pin(struct axisg2_dev *dev, struct axisg2_gpu_buf *buf, u64 address)
{
	u64 offset = address & (GPU_PAGE - 1);
	int ret;

	buf->start = address - offset;
	ret = nvidia_p2p_get_pages(0, 0, buf->start, ALIGN(offset + buf->size, GPU_PAGE), &buf->pages, memory_gone, buf);
	if (ret) {
		buf->pages = NULL;
		return ret;
	}
	ret = nvidia_p2p_dma_map_pages(dev->pdev, buf->pages, &buf->mapping);
	if (ret) {
		buf->mapping = NULL;
		return ret;
	}
	buf->dma = buf->mapping->dma_addresses[0] + offset;
	return in_one_piece(dev, buf);
}

static int check_memory(struct axisg2_dev *dev, const struct datadev_gpu_memory *request)
{
	struct axisg2_gpu *gpu = &dev->gpu;

	if (!request->size || request->size % GPU_PAGE || request->address + request->size < request->address)
		return -EINVAL;
	if (gpu->count[!request->write] >= gpu->most)
		return -ENOSPC;
	/* The core has one size for all buffers it writes. */
	return request->write && gpu->size && gpu->size != request->size ? -EINVAL : 0;
}

/* A frame and the header before it must fit. */
static void tell_core(struct axisg2_dev *dev, struct axisg2_gpu_buf *buf, bool read)
{
	struct axisg2_gpu *gpu = &dev->gpu;

	write_address(dev, GPU_ADDRESS(read, gpu->count[read]), buf->dma);
	if (!read) {
		axisg2_write(dev, GPU_MAX_SIZE, buf->size - gpu->header);
		gpu->size = buf->size;
	}
	gpu->count[read]++;
	list_add_tail(&buf->link, &gpu->bufs[read]);
	enable(dev);
}

static long add_buffer(struct axisg2_file *file, const void __user *arg)
{
	struct axisg2_dev *dev = file->dev;
	struct datadev_gpu_memory request;
	struct axisg2_gpu_buf *buf;
	long ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	buf->dev = dev;
	buf->owner = file;
	buf->size = request.size;
	mutex_lock(&dev->gpu.lock);
	ret = READ_ONCE(dev->resetting) ? -EBUSY : check_memory(dev, &request);
	if (!ret)
		ret = pin(dev, buf, request.address);
	if (!ret)
		tell_core(dev, buf, !request.write);
	mutex_unlock(&dev->gpu.lock);
	if (ret)
		let_go(buf, false); /* outside of the lock, as it may wait for a callback */
	return ret;
}

static long arm(struct axisg2_dev *dev, const u32 __user *arg)
{
	long ret = -EINVAL;
	u32 index;

	if (get_user(index, arg))
		return -EFAULT;
	mutex_lock(&dev->gpu.lock);
	if (index < dev->gpu.count[0]) {
		axisg2_write(dev, GPU_ARM(index), 1);
		ret = 0;
	}
	mutex_unlock(&dev->gpu.lock);
	return ret;
}

long axisg2_gpu_command(struct axisg2_file *file, u32 code, void __user *arg)
{
	struct axisg2_dev *dev = file->dev;

	if (code == DATADEV_GPU_IS_SUPPORTED)
		return dev->gpu.most != 0;
	if (!dev->gpu.most)
		return -EOPNOTSUPP;
	switch (code) {
	case DATADEV_GPU_ADD_MEMORY:
		return add_buffer(file, arg);
	case DATADEV_GPU_REM_MEMORY:
		remove_all(dev);
		return 0;
	case DATADEV_GPU_SET_WRITE_ENABLE:
		return arm(dev, arg);
	case DATADEV_GPU_GET_VERSION:
		return dev->gpu.version;
	default:
		return dev->gpu.most;
	}
}

/* Where memory is on the bus is for those who may touch it. */
static void show_buffers(struct seq_file *s, struct axisg2_gpu *gpu, bool read)
{
	const char *way = read ? " Read" : "Write";
	struct axisg2_gpu_buf *buf;
	int number = 0;

	list_for_each_entry(buf, &gpu->bufs[read], link) {
		seq_printf(s, "\n-------- %s Buffer %u --------\n", read ? "Read" : "Write", number++);
		seq_printf(s, "  %s Address : 0x%llX\n", way, capable(CAP_SYS_RAWIO) ? buf->dma : 0);
		seq_printf(s, "     %s Size : 0x%X\n", way, buf->size);
	}
}

void axisg2_gpu_show(struct seq_file *s, struct axisg2_dev *dev)
{
	struct axisg2_gpu *gpu = &dev->gpu;
	u32 control;

	if (!gpu->most)
		return;
	mutex_lock(&gpu->lock);
	control = axisg2_read(dev, GPU_CONTROL);
	seq_puts(s, "\n---------------- DataGPU State ----------------\n");
	seq_printf(s, "    GpuAsyncCore Offset : 0x%X\n", GPU_CORE);
	seq_printf(s, "   GpuAsyncCore Version : %u\n", gpu->version);
	seq_printf(s, "            Max Buffers : %u\n", gpu->most);
	seq_printf(s, "     Write Buffer Count : %u\n", gpu->count[0]);
	seq_printf(s, "           Write Enable : %u\n", !!(control & CONTROL_WRITE));
	seq_printf(s, "      Read Buffer Count : %u\n", gpu->count[1]);
	seq_printf(s, "            Read Enable : %u\n", !!(control & CONTROL_READ));
	seq_printf(s, "         RX Frame Count : %u\n", axisg2_read(dev, GPU_RX_FRAMES));
	seq_printf(s, "         TX Frame Count : %u\n", axisg2_read(dev, GPU_TX_FRAMES));
	seq_printf(s, "  AXI Write Error Count : %u\n", axisg2_read(dev, GPU_WRITE_ERRORS));
	seq_printf(s, "AXI Write Timeout Count : %u\n", axisg2_read(dev, GPU_WRITE_TIMEOUTS));
	seq_printf(s, "      Min Write Buffers : %u\n", axisg2_read(dev, GPU_LEAST_WRITE));
	seq_printf(s, "       Min Read Buffers : %u\n", axisg2_read(dev, GPU_MOST_READ));
	seq_printf(s, "   AXI Read Error Count : %u\n", axisg2_read(dev, GPU_READ_ERRORS));
	show_buffers(s, gpu, false);
	show_buffers(s, gpu, true);
	mutex_unlock(&gpu->lock);
}
