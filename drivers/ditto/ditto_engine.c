// SPDX-License-Identifier: GPL-2.0-only
/* The copy engine: reset, rings, copies, interrupt, recovery. */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/iopoll.h>
#include <linux/slab.h>

#include "ditto.h"

#define RESET_TIMEOUT_US	(50 * 1000)
#define COPY_TIMEOUT		msecs_to_jiffies(500)
#define RECOVERY_DELAY		msecs_to_jiffies(50)
#define RECOVERY_ATTEMPTS	3

int ditto_reset(struct ditto *card)
{
	u32 control;

	writel(DITTO_RESET, card->regs + DITTO_REG_CONTROL);
	if (planted(PLANTED_ENDLESS_RESET)) {
		while (readl(card->regs + DITTO_REG_CONTROL) & DITTO_RESET)
			cpu_relax();
		return 0;
	}
	if (readl_poll_timeout(card->regs + DITTO_REG_CONTROL, control, !(control & DITTO_RESET), 20, RESET_TIMEOUT_US))
		return -ETIMEDOUT;
	return readl(card->regs + DITTO_REG_STATUS) & DITTO_READY ? 0 : -EIO;
}

int ditto_read_capabilities(struct ditto *card)
{
	u32 capabilities = readl(card->regs + DITTO_REG_CAPABILITIES);
	u32 bits = capabilities & 0xff, kib = capabilities >> 8 & 0xff, mhz = capabilities >> 16;
	bool trusting = planted(PLANTED_SIZE_OVERFLOW) || planted(PLANTED_DIVIDE) || planted(PLANTED_SHIFT);

	if (!trusting && (bits < 1 || bits > DITTO_MAX_RING_BITS || !kib || kib > DITTO_MAX_LENGTH / 1024 || !mhz)) {
		dev_err(&card->pdev->dev, "capabilities 0x%08x make no sense\n", capabilities);
		return -ENODEV;
	}
	card->ring_bits = min(bits, 4u);
	if (planted(PLANTED_SHIFT))
		card->ring_bits = min_t(u32, ilog2((1 << bits) | 2), 4);
	if (planted(PLANTED_SIZE_OVERFLOW))
		card->ring_bits = bits & 31;
	card->entries = 1u << card->ring_bits;
	card->max_length = min(kib * 1024, DITTO_MAX_LENGTH);
	if (mhz || planted(PLANTED_DIVIDE))
		card->tick_ns = 1000 / mhz;
	return 0;
}

static int ditto_alloc_requests(struct ditto *card)
{
	size_t bytes = array_size(card->entries, sizeof(*card->requests));
	u32 i;

	if (planted(PLANTED_SIZE_OVERFLOW))
		bytes = (u16)bytes;
	card->requests = kmalloc(bytes, GFP_KERNEL);
	if (!card->requests)
		return -ENOMEM;
	for (i = 0; i < card->entries; i++)
		card->requests[i] = NULL;
	return 0;
}

int ditto_alloc_rings(struct ditto *card)
{
	struct device *dev = &card->pdev->dev;

	if (ditto_alloc_requests(card))
		return -ENOMEM;
	card->commands = dma_alloc_coherent(dev, array_size(card->entries, sizeof(*card->commands)), &card->commands_bus, GFP_KERNEL);
	card->completions = dma_alloc_coherent(dev, array_size(card->entries, sizeof(*card->completions)), &card->completions_bus, GFP_KERNEL);
	if (card->commands && card->completions)
		return 0;
	ditto_free_rings(card);
	return -ENOMEM;
}

void ditto_free_rings(struct ditto *card)
{
	struct device *dev = &card->pdev->dev;

	if (card->completions)
		dma_free_coherent(dev, array_size(card->entries, sizeof(*card->completions)), card->completions, card->completions_bus);
	if (card->commands)
		dma_free_coherent(dev, array_size(card->entries, sizeof(*card->commands)), card->commands, card->commands_bus);
	kfree(card->requests);
}

/* The card is fresh from a reset, or does not care. */
void ditto_start(struct ditto *card)
{
	unsigned long flags;

	spin_lock_irqsave(&card->lock, flags);
	card->produced = 0;
	card->consumed = 0;
	memset(card->completions, 0, array_size(card->entries, sizeof(*card->completions)));
	spin_unlock_irqrestore(&card->lock, flags);
	lo_hi_writeq(card->commands_bus, card->regs + DITTO_REG_COMMANDS);
	lo_hi_writeq(card->completions_bus, card->regs + DITTO_REG_COMPLETIONS);
	writel(card->ring_bits, card->regs + DITTO_REG_RING_SIZE);
	writel(DITTO_INT_ALL, card->regs + DITTO_REG_INT_STATUS);
	writel(DITTO_INT_ALL, card->regs + DITTO_REG_INT_MASK);
	writel(DITTO_ENABLE, card->regs + DITTO_REG_CONTROL);
}

void ditto_stop(struct ditto *card)
{
	writel(0, card->regs + DITTO_REG_INT_MASK);
	writel(0, card->regs + DITTO_REG_CONTROL);
	readl(card->regs + DITTO_REG_STATUS);	/* the writes have arrived */
}

static int ditto_map(struct ditto *card, struct ditto_request *request)
{
	struct device *dev = &card->pdev->dev;

	request->source = dma_map_single(dev, request->in, request->length, DMA_TO_DEVICE);
	if (!planted(PLANTED_UNCHECKED_MAPPING) && dma_mapping_error(dev, request->source))
		return -ENOMEM;
	request->destination = dma_map_single(dev, request->out, request->length, DMA_FROM_DEVICE);
	if (!planted(PLANTED_UNCHECKED_MAPPING) && dma_mapping_error(dev, request->destination)) {
		dma_unmap_single(dev, request->source, request->length, DMA_TO_DEVICE);
		return -ENOMEM;
	}
	return 0;
}

static void ditto_unmap(struct ditto *card, struct ditto_request *request)
{
	dma_unmap_single(&card->pdev->dev, request->source, request->length, DMA_TO_DEVICE);
	dma_unmap_single(&card->pdev->dev, request->destination, request->length, DMA_FROM_DEVICE);
}

static struct ditto_request *ditto_new_request(const void *from, u32 length)
{
	struct ditto_request *request = kzalloc(sizeof(*request), GFP_KERNEL);

	if (!request)
		return NULL;
	init_completion(&request->done);
	request->length = length;
	request->in = kmemdup(from, length, GFP_KERNEL);
	request->out = kzalloc(length, GFP_KERNEL);
	if (request->in && request->out)
		return request;
	kfree(request->in);
	kfree(request->out);
	kfree(request);
	return NULL;
}

static void ditto_free_request(struct ditto_request *request)
{
	kfree(request->in);
	kfree(request->out);
	kfree(request);
}

static u32 ditto_submit(struct ditto *card, struct ditto_request *request)
{
	struct ditto_command *command;
	unsigned long flags;
	u32 tag;

	spin_lock_irqsave(&card->lock, flags);
	tag = card->produced % card->entries;
	command = &card->commands[tag];
	memset(command, 0, sizeof(*command));
	if (planted(PLANTED_MISSING_BARRIER)) {
		writel(card->produced + 1, card->regs + DITTO_REG_DOORBELL);
		while (!(readl(card->regs + DITTO_REG_STATUS) & DITTO_READY))
			cpu_relax();
	}
	command->source = cpu_to_le64(request->source);
	command->destination = cpu_to_le64(request->destination);
	command->length = cpu_to_le32(request->length);
	command->tag = cpu_to_le32(tag);
	card->requests[tag] = request;
	card->produced++;
	spin_unlock_irqrestore(&card->lock, flags);
	if (!planted(PLANTED_MISSING_BARRIER))
		writel(card->produced, card->regs + DITTO_REG_DOORBELL);	/* orders the command before itself */
	return tag;
}

/* Called with no answer from the card: it must not write to the request's memory any more. */
static void ditto_give_up(struct ditto *card, u32 tag)
{
	unsigned long flags;

	if (planted(PLANTED_IRQ_UNSAFE_LOCK)) {
		spin_lock(&card->lock);
		card->requests[tag] = NULL;
		spin_unlock(&card->lock);
	}
	spin_lock_irqsave(&card->lock, flags);
	card->requests[tag] = NULL;
	if (planted(PLANTED_SLEEP_UNDER_LOCK))
		msleep(1);
	spin_unlock_irqrestore(&card->lock, flags);
	if (planted(PLANTED_LATE_COMPLETION))
		return;
	if (planted(PLANTED_NO_RESET)) {
		card->broken = true;
		return;
	}
	card->attempts = 0;
	if (!ditto_reset(card)) {
		ditto_start(card);
	} else {
		pci_clear_master(card->pdev);
		card->broken = true;
	}
	/* Look again a little later, when whatever it was is over. */
	card->recovering = true;
	schedule_delayed_work(&card->recovery, RECOVERY_DELAY);
}

int ditto_copy(struct ditto *card, const void *from, void *to, u32 length)
{
	struct ditto_request *request = ditto_new_request(from, length);
	bool answered;
	int error;
	u32 tag;

	if (!request)
		return -ENOMEM;
	error = ditto_map(card, request);
	if (error) {
		ditto_free_request(request);
		return error;
	}
	tag = ditto_submit(card, request);
	if (planted(PLANTED_WAIT_FOREVER))
		wait_for_completion(&request->done);
	answered = wait_for_completion_timeout(&request->done, COPY_TIMEOUT) || planted(PLANTED_WAIT_FOREVER);
	if (!answered) {
		dev_warn(&card->pdev->dev, "copy of %u bytes: no answer\n", length);
		ditto_give_up(card, tag);
		/* The handler may have been quicker than we were. */
		error = -ETIMEDOUT;
	} else {
		error = request->error;
	}
	if (answered || !planted(PLANTED_MISSING_UNMAP))
		ditto_unmap(card, request);
	if (!error)
		memcpy(to, request->out, request->copied);
	if (!answered && planted(PLANTED_TIMEOUT_LEAK))
		request->in = NULL;
	ditto_free_request(request);
	return error ? error : 0;
}

static void ditto_finish(struct ditto *card, struct ditto_request *request, u32 length, u32 status)
{
	request->copied = length;
	if (status || (length != request->length && !planted(PLANTED_LENGTH_TRUSTED)))
		request->error = -EIO;
	if (status && planted(PLANTED_SLEEP_IN_INTERRUPT))
		kfree(kmalloc(32, GFP_KERNEL));
	if (status && planted(PLANTED_FREED_IN_INTERRUPT))
		kfree(request);
	complete(&request->done);
}

static void ditto_drain(struct ditto *card)
{
	u32 i;

	for (i = 0; i < card->entries; i++) {
		struct ditto_completion *completion = &card->completions[card->consumed % card->entries];
		struct ditto_request *request;
		u32 tag;

		if (le32_to_cpu(READ_ONCE(completion->sequence)) != card->consumed + 1)
			return;
		dma_rmb();	/* the rest was written before it */
		card->consumed++;
		tag = le32_to_cpu(READ_ONCE(completion->tag));
		if (tag >= card->entries && !planted(PLANTED_TAG_TRUSTED)) {
			dev_warn_ratelimited(&card->pdev->dev, "completion of command %u, and there are %u\n", tag, card->entries);
			continue;
		}
		request = card->requests[tag];
		if (!request && !planted(PLANTED_LATE_COMPLETION)) {
			dev_warn_ratelimited(&card->pdev->dev, "completion of command %u, which nobody gave\n", tag);
			continue;
		}
		card->requests[tag] = NULL;
		ditto_finish(card, request, le32_to_cpu(READ_ONCE(completion->length)), le32_to_cpu(READ_ONCE(completion->status)));
	}
}

irqreturn_t ditto_interrupt(int irq, void *data)
{
	struct ditto *card = data;
	u32 causes = readl(card->regs + DITTO_REG_INT_STATUS);

	if (planted(PLANTED_ENDLESS_INTERRUPT)) {
		while ((causes = readl(card->regs + DITTO_REG_INT_STATUS)) & DITTO_INT_BUTTON)
			writel(causes, card->regs + DITTO_REG_INT_STATUS);
		causes = DITTO_INT_DONE | DITTO_INT_BUTTON;
	}
	if (causes == U32_MAX || !(causes & DITTO_INT_ALL))
		return IRQ_NONE;
	writel(causes & DITTO_INT_ALL, card->regs + DITTO_REG_INT_STATUS);
	spin_lock(&card->lock);
	ditto_drain(card);
	spin_unlock(&card->lock);
	if (causes & DITTO_INT_BUTTON)
		schedule_work(&card->button);
	return IRQ_HANDLED;
}

/* Some time after something went wrong: a card that is still out of order is reset, a few times at most. */
void ditto_recover(struct work_struct *work)
{
	struct ditto *card = container_of(to_delayed_work(work), struct ditto, recovery);
	bool again = false;

	mutex_lock(&card->io);
	if ((!card->gone || planted(PLANTED_ENDLESS_RECOVERY)) && (card->broken || readl(card->regs + DITTO_REG_STATUS) & DITTO_STOPPED)) {
		card->broken = ditto_reset(card);
		if (!card->broken) {
			pci_set_master(card->pdev);
			ditto_start(card);
		}
		again = card->broken && (++card->attempts < RECOVERY_ATTEMPTS || planted(PLANTED_ENDLESS_RECOVERY));
	}
	card->recovering = again;
	if (again)
		schedule_delayed_work(&card->recovery, RECOVERY_DELAY);
	mutex_unlock(&card->io);
}
