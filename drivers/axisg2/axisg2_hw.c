// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/poll.h>
#include "axisg2.h"

/* Completions handled before the interrupt is acknowledged: the acknowledge has 16 bits, and others want the CPU. */
#define MOST_IN_A_PASS	4096

#define VER_GPU_ENABLED		(AXISG2_VERSION_BLOCK + 0x428)
#define VER_BUILD_STRING_END	(AXISG2_VERSION_BLOCK + 0x8FC)
#define NEWEST_VERSION		5

/* What the card says of itself, and whether this driver can run it. */
int axisg2_identify(struct axisg2_dev *dev)
{
	struct device *parent = &dev->pdev->dev;
	u32 enable = axisg2_read(dev, REG_ENABLE);
	u32 channels = axisg2_read(dev, REG_CHANNELS);
	u32 width = channels >> 8 & 0xFF;

	if (enable == ~0u)
		return dev_err_probe(parent, -ENODEV, "the card does not answer: all registers read as ones\n");
	dev->version = enable >> 24;
	dev->lanes = channels & 0xFF;
	dev->ring_bits = axisg2_read(dev, REG_ADDR_WIDTH);
	if (dev->version == 0)
		return dev_err_probe(parent, -ENODEV, "the engine says it is of version 0; 1 to 5 are known\n");
	if (!(enable & BIT(16)))
		return dev_err_probe(parent, -ENODEV, "the engine has no 128-bit descriptors; this driver knows no others\n");
	if (dev->lanes < 1 || dev->lanes > 16)
		return dev_err_probe(parent, -ENODEV, "the engine says it has %u channels; 1 to 16 make sense\n", dev->lanes);
	if (dev->ring_bits < 1 || dev->ring_bits > 16)
		return dev_err_probe(parent, -ENODEV, "the engine says its rings have 2^%u entries; 2^1 to 2^16 make sense\n", dev->ring_bits);
	dev->entries = 1u << dev->ring_bits;
	if (width == 64) {
		dev_warn(parent, "the engine says it has 64 address bits, descriptors carry 40: using those\n");
		width = 40;
	}
	if (width < 32 || width > 40)
		return dev_err_probe(parent, -ENODEV, "the engine says it has %u address bits; 32 to 40 make sense\n", width);
	if (dev->version > NEWEST_VERSION)
		dev_warn(parent, "the engine says it is of version %u; %u is the newest that is known, and it is driven as that\n", dev->version, NEWEST_VERSION);
	if (axisg2_read(dev, VER_BUILD_STRING_END) >> 24)
		dev_warn(parent, "the firmware's build string has no end: its 256th character is left out\n");
	dev->has_gpu_core = (axisg2_read(dev, VER_GPU_ENABLED) & 1) && dev->bar_len >= AXISG2_GPU_CORE_END;
	if (dma_set_mask_and_coherent(parent, DMA_BIT_MASK(width)))
		return dev_err_probe(parent, -EIO, "this machine cannot give the card memory below 2^%u\n", width);
	return 0;
}

static int ring_alloc(struct axisg2_dev *dev, struct axisg2_ring *ring)
{
	ring->next = 0;
	ring->entries = dma_alloc_coherent(&dev->pdev->dev, dev->entries * sizeof(*ring->entries), &ring->dma, GFP_KERNEL);
	return ring->entries ? 0 : -ENOMEM;
}

static void ring_free(struct axisg2_dev *dev, struct axisg2_ring *ring)
{
	if (ring->entries)
		dma_free_coherent(&dev->pdev->dev, dev->entries * sizeof(*ring->entries), ring->entries, ring->dma);
	ring->entries = NULL;
}

int axisg2_rings_alloc(struct axisg2_dev *dev)
{
	if (!ring_alloc(dev, &dev->rx.ring) && !ring_alloc(dev, &dev->tx.ring))
		return 0;
	axisg2_rings_free(dev);
	return -ENOMEM;
}

void axisg2_rings_free(struct axisg2_dev *dev)
{
	ring_free(dev, &dev->rx.ring);
	ring_free(dev, &dev->tx.ring);
}

static bool has_credit(struct axisg2_dev *dev, struct axisg2_pool *pool)
{
	return pool->places[IN_HW] < dev->entries - 1;
}

static u32 low_word(struct axisg2_buf *buf)
{
	return buf->index | (u32)(buf->dma & 0xF0) << 24;
}

/* The engine takes a buffer when the last word of its FIFOs, A, is written. */
static void push_rx(struct axisg2_dev *dev, struct axisg2_buf *buf)
{
	axisg2_move(&dev->rx, buf, IN_HW);
	axisg2_write(dev, REG_WRITE_FIFO_B, buf->dma >> 8);
	axisg2_write(dev, REG_WRITE_FIFO_A, low_word(buf));
}

static void push_tx(struct axisg2_dev *dev, struct axisg2_buf *buf)
{
	u32 word = (buf->flags & 0xFF) << 24 | (buf->flags >> 8 & 0xFF) << 16 | (buf->dest & 0xFF) << 8 | (buf->dest >> 8 & 0xF) << 4;

	if (buf->flags & DATADEV_FLAG_CONTINUE && !planted(BUG_CONTINUE_LOST))
		word |= BIT(3);
	axisg2_move(&dev->tx, buf, IN_HW);
	axisg2_write(dev, REG_READ_FIFO_D, buf->dma >> 8);
	axisg2_write(dev, REG_READ_FIFO_C, low_word(buf));
	axisg2_write(dev, REG_READ_FIFO_B, buf->size);
	axisg2_write(dev, REG_READ_FIFO_A, word);
}

static void push_waiting(struct axisg2_dev *dev, struct axisg2_pool *pool)
{
	while (!list_empty(&pool->waiting) && has_credit(dev, pool)) {
		struct axisg2_buf *buf = list_first_entry(&pool->waiting, struct axisg2_buf, link);

		if (pool == &dev->rx)
			push_rx(dev, buf);
		else
			push_tx(dev, buf);
	}
}

static void post(struct axisg2_dev *dev, struct axisg2_pool *pool, struct axisg2_buf *buf)
{
	buf->owner = NULL;
	axisg2_sync_for_device(dev, pool, buf);
	axisg2_move(pool, buf, IN_PRE_HW);
	list_add_tail(&buf->link, &pool->waiting);
	if (!dev->gone && !dev->resetting)
		push_waiting(dev, pool);
}

/* Gives a filled buffer to the engine; under the device's lock. */
void axisg2_post_tx(struct axisg2_dev *dev, struct axisg2_buf *buf)
{
	post(dev, &dev->tx, buf);
}

/* Gives a read buffer back to the engine; under the device's lock. */
void axisg2_post_rx(struct axisg2_dev *dev, struct axisg2_buf *buf)
{
	if ((dev->groups_on & BIT(buf->group)) && !dev->gone && !dev->resetting && !planted(BUG_CREDIT_LOST))
		axisg2_write(dev, REG_BG_COUNT(buf->group), 1);
	buf->group = AXISG2_NO_GROUP;
	post(dev, &dev->rx, buf);
}

/* The next entry of a ring, emptied; false when the engine has written none. */
static bool take(struct axisg2_dev *dev, struct axisg2_ring *ring, struct axisg2_entry *entry)
{
	struct axisg2_entry *at = &ring->entries[ring->next];

	if (!READ_ONCE(at->owner))
		return false;
	dma_rmb(); /* the engine writes the owner word last */
	*entry = *at;
	memset(at, 0, sizeof(*at));
	ring->next = (ring->next + 1) & (dev->entries - 1);
	return true;
}

static struct axisg2_buf *completed(struct axisg2_dev *dev, struct axisg2_pool *pool, struct axisg2_entry *entry)
{
	u32 index = le32_to_cpu(entry->index);
	struct axisg2_buf *buf = axisg2_buf_of(pool, index);

	if (buf && buf->place == IN_HW)
		return buf;
	dev->bad++;
	dev_err_ratelimited(&dev->pdev->dev, "the engine gave back buffer %u, which it does not have\n", index);
	return NULL;
}

static void complete_tx(struct axisg2_dev *dev, struct axisg2_entry *entry)
{
	struct axisg2_buf *buf = completed(dev, &dev->tx, entry);

	if (!buf)
		return;
	if (le32_to_cpu(entry->result) & 7)
		dev_err_ratelimited(&dev->pdev->dev, "buffer %u could not be sent: result %u\n", buf->index, le32_to_cpu(entry->result) & 7);
	axisg2_say(dev, "buffer %u is sent\n", buf->index);
	axisg2_sync_for_cpu(dev, &dev->tx, buf);
	axisg2_move(&dev->tx, buf, IN_SW);
	list_add_tail(&buf->link, &dev->tx.free);
}

static void describe(struct axisg2_dev *dev, struct axisg2_buf *buf, struct axisg2_entry *entry)
{
	u32 result = le32_to_cpu(entry->result), owner = le32_to_cpu(entry->owner);

	buf->size = le32_to_cpu(entry->size);
	buf->dest = (owner >> 8 & 0xF) * 256 + (owner & 0xFF);
	buf->flags = result >> 24 | (result >> 8 & 0xFF00);
	buf->error = result & 7;
	buf->group = result >> 8 & 7;
	if (result & BIT(3)) {
		buf->flags |= DATADEV_FLAG_CONTINUE;
		dev->continued++;
	}
	if (dev->version >= 5 && result & BIT(4))
		buf->flags |= DATADEV_FLAG_TIMEOUT;
	if (buf->size == 0) {
		buf->error = DATADEV_ERR_FIFO;
	} else if (buf->size > dev->size) {
		dev_err_ratelimited(&dev->pdev->dev, "the engine says it wrote %u bytes to a buffer of %u\n", buf->size, dev->size);
		buf->size = dev->size;
		buf->error |= DATADEV_ERR_LEN;
	}
}

static void complete_rx(struct axisg2_dev *dev, struct axisg2_entry *entry)
{
	struct axisg2_buf *buf = completed(dev, &dev->rx, entry);
	struct axisg2_file *reader;

	if (!buf)
		return;
	describe(dev, buf, entry);
	axisg2_say(dev, "buffer %u is full: %u bytes for destination %u\n", buf->index, buf->size, buf->dest);
	axisg2_sync_for_cpu(dev, &dev->rx, buf);
	reader = dev->owners[buf->dest];
	if (!reader) {
		dev->discarded++;
		axisg2_post_rx(dev, buf);
		return;
	}
	axisg2_move(&dev->rx, buf, IN_SW);
	list_add_tail(&buf->link, &reader->ready);
	wake_up_interruptible(&reader->readable);
	kill_fasync(&reader->async, SIGIO, POLL_IN);
}

/* Takes what the engine has finished off both rings, and gives it what waited for it. */
static u32 service(struct axisg2_dev *dev)
{
	struct axisg2_entry entry;
	u32 sent = 0, received = 0;

	spin_lock(&dev->lock);
	if (dev->gone || dev->resetting) { /* readers may be closing their files */
		spin_unlock(&dev->lock);
		return 0;
	}
	while (sent < MOST_IN_A_PASS && take(dev, &dev->tx.ring, &entry)) {
		complete_tx(dev, &entry);
		sent++;
	}
	while (received < MOST_IN_A_PASS && take(dev, &dev->rx.ring, &entry)) {
		complete_rx(dev, &entry);
		received++;
	}
	push_waiting(dev, &dev->tx);
	push_waiting(dev, &dev->rx);
	spin_unlock(&dev->lock);
	if (sent)
		wake_up_interruptible(&dev->writable);
	return sent + received;
}

/*
 * A message comes once, and the next after the acknowledge. A pin has to be released here, and is shared; the engine has no status register
 * to ask. Where the card is pulled, all registers read as ones, and who shares the pin has it to himself.
 */
irqreturn_t axisg2_irq(int irq, void *data)
{
	struct axisg2_dev *dev = data;
	u32 outstanding;

	if (pci_dev_msi_enabled(dev->pdev))
		return IRQ_WAKE_THREAD;
	outstanding = axisg2_read(dev, REG_INT_REQ_COUNT);
	if (outstanding == ~0u || (!outstanding && !axisg2_read(dev, REG_FORCE_INT)))
		return IRQ_NONE;
	axisg2_write(dev, REG_INT_ENABLE, 0);
	return IRQ_WAKE_THREAD;
}

irqreturn_t axisg2_irq_thread(int irq, void *data)
{
	struct axisg2_dev *dev = data;
	u32 handled = service(dev);

	axisg2_write(dev, REG_INT_ACK, handled + (READ_ONCE(dev->gone) ? 0 : INT_ACK_ENABLE));
	return IRQ_HANDLED;
}

void axisg2_poll_work(struct work_struct *work)
{
	struct axisg2_dev *dev = container_of(work, struct axisg2_dev, poll);
	u32 handled = service(dev);

	if (handled)
		axisg2_write(dev, REG_INT_ACK, handled);
	if (!READ_ONCE(dev->gone))
		queue_work_on(dev->polled_cpu, dev->poller, &dev->poll);
}

/* All but the switching on: rings, sizes, FIFOs, and the buffers for receiving. */
void axisg2_setup(struct axisg2_dev *dev, const struct axisg2_params *params)
{
	int i;

	axisg2_write(dev, REG_INT_ENABLE, 0);
	axisg2_write(dev, REG_ENABLE, 0);
	axisg2_write(dev, REG_RD_BASE_LOW, lower_32_bits(dev->tx.ring.dma));
	axisg2_write(dev, REG_RD_BASE_HIGH, upper_32_bits(dev->tx.ring.dma));
	axisg2_write(dev, REG_WR_BASE_LOW, lower_32_bits(dev->rx.ring.dma));
	axisg2_write(dev, REG_WR_BASE_HIGH, upper_32_bits(dev->rx.ring.dma));
	axisg2_write(dev, REG_CACHE, 0);
	axisg2_write(dev, REG_MAX_SIZE, dev->size);
	axisg2_write(dev, REG_FIFO_RESET, 1);
	axisg2_write(dev, REG_FIFO_RESET, 0);
	axisg2_write(dev, REG_CONT_ENABLE, params->cont || planted(BUG_CONT_IGNORED));
	axisg2_write(dev, REG_DROP_ENABLE, 0);
	if (dev->version >= 3)
		axisg2_write(dev, REG_IRQ_HOLD_OFF, params->irq_hold);
	if (dev->version >= 4) {
		for (i = 0; i < AXISG2_GROUPS; i++) {
			axisg2_write(dev, REG_BG_THRESHOLD(i), params->bg_threshold[i]);
			if (params->bg_threshold[i])
				dev->groups_on |= BIT(i);
		}
	}
	if (dev->version >= 5)
		axisg2_write(dev, REG_TIMEOUT, params->timeout);
	spin_lock(&dev->lock);
	dev->resetting = false;
	push_waiting(dev, &dev->rx);
	push_waiting(dev, &dev->tx);
	spin_unlock(&dev->lock);
}

void axisg2_start(struct axisg2_dev *dev)
{
	axisg2_write(dev, REG_ENABLE, 1);
	axisg2_write(dev, REG_ONLINE, 1);
	if (dev->polled_cpu)
		queue_work_on(dev->polled_cpu, dev->poller, &dev->poll);
	else
		axisg2_write(dev, REG_INT_ENABLE, 1);
}

/* After the reads, writes have arrived: the engine touches no memory any more. */
void axisg2_stop(struct axisg2_dev *dev)
{
	axisg2_write(dev, REG_INT_ENABLE, 0);
	axisg2_write(dev, REG_ENABLE, 0);
	axisg2_write(dev, REG_ONLINE, 0);
	axisg2_write(dev, REG_FIFO_RESET, 1);
	axisg2_read(dev, REG_ENABLE);
}

static void forget(struct axisg2_dev *dev, struct axisg2_pool *pool)
{
	bool sends = pool == &dev->tx;
	struct axisg2_buf *buf;
	u32 i;

	memset(pool->ring.entries, 0, dev->entries * sizeof(*pool->ring.entries));
	pool->ring.next = 0;
	for (i = 0; i < pool->count; i++) {
		buf = &pool->bufs[i];
		buf->group = AXISG2_NO_GROUP; /* groups begin anew */
		if (buf->place != IN_HW)
			continue;
		axisg2_move(pool, buf, sends ? IN_SW : IN_PRE_HW);
		list_add_tail(&buf->link, sends ? &pool->free : &pool->waiting);
	}
}

/* The engine was reset: what it had it has no more, and frames that were with it are lost. Nothing else looks at pools now. */
void axisg2_forget(struct axisg2_dev *dev)
{
	spin_lock(&dev->lock);
	forget(dev, &dev->tx);
	forget(dev, &dev->rx);
	spin_unlock(&dev->lock);
	wake_up_interruptible(&dev->writable);
}
