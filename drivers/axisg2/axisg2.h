/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Driver for cards with SLAC's AXI-Stream DMA engine, version 2 with 128-bit
 * descriptors.
 *
 * A buffer is in one place at a time: with user space, on a queue of the
 * driver, or with the engine. The engine writes what it has finished to two
 * rings that have no consumer index; what keeps it from running over them is
 * that the driver never leaves it more than (entries - 1) buffers of a kind.
 */
#ifndef AXISG2_H
#define AXISG2_H

#include <linux/io.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "axisg2_planted.h"
#include "axisg2_uapi.h"

#define AXISG2_BAR_SIZE		0x1000000
#define AXISG2_USER_START	0x10000
#define AXISG2_VERSION_BLOCK	0x20000
#define AXISG2_GPU_CORE		0x28000
#define AXISG2_GPU_CORE_END	0x30000
#define AXISG2_GROUPS		8
#define AXISG2_NO_GROUP		AXISG2_GROUPS

/* Registers of the engine */
#define REG_ENABLE		0x000
#define REG_INT_ENABLE		0x004
#define REG_CONT_ENABLE		0x008
#define REG_DROP_ENABLE		0x00C
#define REG_WR_BASE_LOW		0x010
#define REG_WR_BASE_HIGH	0x014
#define REG_RD_BASE_LOW		0x018
#define REG_RD_BASE_HIGH	0x01C
#define REG_FIFO_RESET		0x020
#define REG_MAX_SIZE		0x028
#define REG_ONLINE		0x02C
#define REG_ACKNOWLEDGE		0x030
#define REG_CHANNELS		0x034
#define REG_ADDR_WIDTH		0x038
#define REG_CACHE		0x03C
#define REG_READ_FIFO_A		0x040
#define REG_READ_FIFO_B		0x044
#define REG_WRITE_FIFO_A	0x048
#define REG_INT_ACK		0x04C
#define REG_INT_REQ_COUNT	0x050
#define REG_WR_REQ_MISSED	0x05C
#define REG_READ_FIFO_C		0x060
#define REG_READ_FIFO_D		0x064
#define REG_WRITE_FIFO_B	0x070
#define REG_FORCE_INT		0x080
#define REG_IRQ_HOLD_OFF	0x084
#define REG_TIMEOUT		0x088
#define REG_BG_THRESHOLD(n)	(0x090 + 4 * (n))
#define REG_BG_COUNT(n)		(0x0B0 + 4 * (n))

/* AxiVersion */
#define VER_USER_RESET		0x10C

#define INT_ACK_ENABLE		0x30000	/* bit 17 enables, bit 16 as ever */

enum axisg2_place {
	IN_SW,		/* sending: free; receiving: full, waits for its reader */
	IN_PRE_HW,	/* waits for a credit of the engine */
	IN_HW,
	IN_USER,
	LOST,		/* the engine gave it back in a way that cannot be trusted */
	AXISG2_PLACES,
};

enum axisg2_mode {
	MODE_COHERENT = 1,
	MODE_STREAMING = 2,
};

struct axisg2_file;
struct seq_file;

/* The GPU core and its buffers: those it writes, and those it reads. */
struct axisg2_gpu {
	struct mutex lock;
	struct list_head bufs[2];
	u32 count[2];
	u32 version, most, header;	/* most is 0: there is no core */
	u32 size;			/* of each buffer it writes */
};

struct axisg2_buf {
	struct list_head link;
	struct axisg2_file *owner;	/* while IN_USER */
	void *cpu;
	dma_addr_t dma;
	u32 index;
	enum axisg2_place place;
	/* of the frame in it */
	u32 dest, flags, size, error;
	u8 group;
};

/* A completion as the engine writes it; owner is zero in an empty one. */
struct axisg2_entry {
	__le32 result;
	__le32 index;
	__le32 size;
	__le32 owner;
};

struct axisg2_ring {
	struct axisg2_entry *entries;
	dma_addr_t dma;
	u32 next;
};

/* The buffers of one direction; all of it under the device's lock. */
struct axisg2_pool {
	struct axisg2_buf *bufs;
	u32 count;
	u32 first;			/* index of the first one */
	enum dma_data_direction direction;
	struct list_head free;		/* IN_SW, for sending only */
	struct list_head waiting;	/* IN_PRE_HW */
	u32 places[AXISG2_PLACES];
	struct axisg2_ring ring;
};

struct axisg2_dev {
	struct kref ref;
	struct pci_dev *pdev;
	struct miscdevice misc;
	struct proc_dir_entry *proc;
	char name[16];
	int number;
	void __iomem *bar;
	resource_size_t bar_len;
	u32 msix_start, msix_end;	/* the pages of BAR 0 that the MSI-X table is in; equal where it is elsewhere */
	int irq;
	bool gone;
	bool resetting;			/* nothing is posted meanwhile */

	u32 version, lanes, ring_bits, entries;
	bool has_gpu_core;
	u32 groups_on;
	/* as they were when the card was probed */
	u32 size;
	int mode, polled_cpu;
	int debug;

	spinlock_t lock;		/* pools, rings, FIFOs, owners, queues of files */
	struct axisg2_pool rx, tx;
	struct axisg2_file **owners;	/* by destination */
	wait_queue_head_t writable;
	u64 continued, discarded, bad;

	struct workqueue_struct *poller;
	struct work_struct poll;

	struct mutex files_lock;
	struct list_head files;
#ifdef AXISG2_GPU
	struct axisg2_gpu gpu;
#endif
};

struct axisg2_file {
	struct list_head link;
	struct axisg2_dev *dev;
	struct address_space *mapping;
	struct list_head ready;		/* full buffers for this reader */
	wait_queue_head_t readable;
	struct fasync_struct *async;
	bool has_mask;
};

struct axisg2_params {
	int tx_count, rx_count, size, mode, cont, irq_hold, irq_dis, dev_name, timeout, debug;
	int bg_threshold[AXISG2_GROUPS];
};

extern struct srcu_struct axisg2_srcu;

static inline u32 axisg2_read(struct axisg2_dev *dev, u32 reg)
{
	return readl(dev->bar + reg);
}

static inline void axisg2_write(struct axisg2_dev *dev, u32 reg, u32 value)
{
	writel(value, dev->bar + reg);
}

/* What cfgDebug, or Set_Debug, asks for; not so much that anybody could fill the log with it. */
#define axisg2_say(dev, ...) \
	do { \
		if (unlikely(READ_ONCE((dev)->debug))) \
			dev_info_ratelimited(&(dev)->pdev->dev, __VA_ARGS__); \
	} while (0)

/* axisg2_buf.c */
int axisg2_pool_alloc(struct axisg2_dev *dev, struct axisg2_pool *pool);
void axisg2_pool_free(struct axisg2_dev *dev, struct axisg2_pool *pool);
void axisg2_move(struct axisg2_pool *pool, struct axisg2_buf *buf, enum axisg2_place place);
struct axisg2_buf *axisg2_buf_of(struct axisg2_pool *pool, u32 index);
void axisg2_sync_for_device(struct axisg2_dev *dev, struct axisg2_pool *pool, struct axisg2_buf *buf);
void axisg2_sync_for_cpu(struct axisg2_dev *dev, struct axisg2_pool *pool, struct axisg2_buf *buf);

/* axisg2_hw.c */
int axisg2_identify(struct axisg2_dev *dev);
int axisg2_rings_alloc(struct axisg2_dev *dev);
void axisg2_rings_free(struct axisg2_dev *dev);
void axisg2_setup(struct axisg2_dev *dev, const struct axisg2_params *params);
void axisg2_start(struct axisg2_dev *dev);
void axisg2_stop(struct axisg2_dev *dev);
void axisg2_forget(struct axisg2_dev *dev);
void axisg2_post_tx(struct axisg2_dev *dev, struct axisg2_buf *buf);
void axisg2_post_rx(struct axisg2_dev *dev, struct axisg2_buf *buf);
irqreturn_t axisg2_irq(int irq, void *data);
irqreturn_t axisg2_irq_thread(int irq, void *data);
void axisg2_poll_work(struct work_struct *work);

/* axisg2_file.c */
extern const struct file_operations axisg2_fops;
void axisg2_zap(struct axisg2_dev *dev);

/* axisg2_proc.c */
void axisg2_read_version(struct axisg2_dev *dev, struct datadev_version *version);
int axisg2_proc_show(struct seq_file *s, void *unused);

/* axisg2_gpu.c */
#ifdef AXISG2_GPU
#define AXISG2_GPU_SUPPORT	"Enabled"
void axisg2_gpu_init(struct axisg2_dev *dev);
void axisg2_gpu_remove(struct axisg2_dev *dev);
void axisg2_gpu_release(struct axisg2_file *file);
long axisg2_gpu_command(struct axisg2_file *file, u32 code, void __user *arg);
void axisg2_gpu_show(struct seq_file *s, struct axisg2_dev *dev);

static inline bool axisg2_has_gpu(struct axisg2_dev *dev)
{
	return dev->gpu.most != 0;
}
#else
#define AXISG2_GPU_SUPPORT	"Disabled"
static inline void axisg2_gpu_init(struct axisg2_dev *dev) { }
static inline void axisg2_gpu_remove(struct axisg2_dev *dev) { }
static inline void axisg2_gpu_release(struct axisg2_file *file) { }
static inline void axisg2_gpu_show(struct seq_file *s, struct axisg2_dev *dev) { }
static inline bool axisg2_has_gpu(struct axisg2_dev *dev) { return false; }

static inline long axisg2_gpu_command(struct axisg2_file *file, u32 code, void __user *arg)
{
	return code == DATADEV_GPU_IS_SUPPORTED ? 0 : -EOPNOTSUPP;
}
#endif

/* axisg2_pci.c */
void axisg2_release(struct kref *ref);

#endif
