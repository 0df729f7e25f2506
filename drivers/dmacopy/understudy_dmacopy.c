// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies memory by any DMA engine that offers it, and checks every byte: what dmatest does, for kernels that were built without it.
 * Loading the module makes the copies and fails if one of them is wrong; the kernel log says how many were.
 */
#define pr_fmt(fmt) "dmacopy: " fmt

#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

static unsigned int copies = 1000;
module_param(copies, uint, 0444);
MODULE_PARM_DESC(copies, "how many copies to make; with 0 it does nothing, and waits to be loaded again");

static unsigned int bytes = 4096;
module_param(bytes, uint, 0444);
MODULE_PARM_DESC(bytes, "bytes of each copy, up to 1 MiB");

static unsigned int tolerated;
module_param(tolerated, uint, 0444);
MODULE_PARM_DESC(tolerated, "copies that may end in an error");

static unsigned int patience_ms = 10000;
module_param(patience_ms, uint, 0444);
MODULE_PARM_DESC(patience_ms, "how long to wait for one copy");

struct copy {
	struct completion done;
	enum dmaengine_tx_result result;
};

static void copied(void *argument, const struct dmaengine_result *result)
{
	struct copy *copy = argument;

	copy->result = result ? result->result : DMA_TRANS_NOERROR;
	complete(&copy->done);
}

static int copy_once(struct dma_chan *channel, dma_addr_t to, dma_addr_t from)
{
	struct dma_async_tx_descriptor *descriptor;
	struct copy copy;

	descriptor = dmaengine_prep_dma_memcpy(channel, to, from, bytes, DMA_PREP_INTERRUPT | DMA_CTRL_ACK);
	if (!descriptor)
		return -ENOMEM;
	init_completion(&copy.done);
	copy.result = DMA_TRANS_ABORTED;
	descriptor->callback_result = copied;
	descriptor->callback_param = &copy;
	if (dma_submit_error(dmaengine_submit(descriptor)))
		return -EIO;
	dma_async_issue_pending(channel);
	if (!wait_for_completion_timeout(&copy.done, msecs_to_jiffies(patience_ms))) {
		/* The completion lives here: nobody may call back once we are gone. */
		dmaengine_terminate_sync(channel);
		return -ETIMEDOUT;
	}
	return copy.result == DMA_TRANS_NOERROR ? 0 : -EREMOTEIO;
}

static int copy_and_check(struct dma_chan *channel, u8 *from, u8 *to)
{
	struct device *device = channel->device->dev;
	dma_addr_t source, target;
	int error = -ENOMEM;

	get_random_bytes(from, min(bytes, 64u));
	memset(to, ~from[0], bytes);
	source = dma_map_single(device, from, bytes, DMA_TO_DEVICE);
	if (dma_mapping_error(device, source))
		return error;
	target = dma_map_single(device, to, bytes, DMA_FROM_DEVICE);
	if (!dma_mapping_error(device, target)) {
		error = copy_once(channel, target, source);
		dma_unmap_single(device, target, bytes, DMA_FROM_DEVICE);
	}
	dma_unmap_single(device, source, bytes, DMA_TO_DEVICE);
	if (!error && memcmp(from, to, bytes))
		error = -EILSEQ;
	return error;
}

static int run(struct dma_chan *channel, u8 *from, u8 *to)
{
	unsigned int i, errors = 0;
	int error, fatal = 0;

	get_random_bytes(from, bytes);
	for (i = 0; i < copies && !fatal; i++) {
		error = copy_and_check(channel, from, to);
		if (!error)
			continue;
		errors++;
		pr_info("copy %u over %s: error %d\n", i, dma_chan_name(channel), error);
		if (error == -EILSEQ || errors > tolerated)
			fatal = error;
	}
	pr_info("%u of %u copies of %u bytes over %s, %u errors\n", i - errors, copies, bytes, dma_chan_name(channel), errors);
	return fatal;
}

static int __init dmacopy_init(void)
{
	struct dma_chan *channel;
	dma_cap_mask_t mask;
	u8 *from, *to;
	int error = -ENOMEM;

	if (!bytes || bytes > 1 << 20)
		return -EINVAL;
	if (!copies)
		return 0;
	dma_cap_zero(mask);
	dma_cap_set(DMA_MEMCPY, mask);
	channel = dma_request_chan_by_mask(&mask);
	if (IS_ERR(channel)) {
		pr_err("no DMA engine copies memory here\n");
		return PTR_ERR(channel);
	}
	from = kmalloc(bytes, GFP_KERNEL);
	to = kmalloc(bytes, GFP_KERNEL);
	if (from && to)
		error = run(channel, from, to);
	kfree(to);
	kfree(from);
	dma_release_channel(channel);
	return error;
}

static void __exit dmacopy_exit(void)
{
}

module_init(dmacopy_init);
module_exit(dmacopy_exit);
MODULE_DESCRIPTION("Understudy: copies by DMA engine, checked");
MODULE_LICENSE("GPL");
