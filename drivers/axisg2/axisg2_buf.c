// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "axisg2.h"

/* In the direction that can be read: to send from there writes over the kernel's page structures. */
static bool takes_page(struct axisg2_pool *pool)
{
	return planted(BUG_PAGE_POINTER) && pool->direction == DMA_FROM_DEVICE;
}

static int buf_alloc(struct axisg2_dev *dev, struct axisg2_pool *pool, struct axisg2_buf *buf)
{
	struct device *parent = &dev->pdev->dev;

	if (dev->mode == MODE_COHERENT) {
		buf->cpu = dma_alloc_coherent(parent, dev->size, &buf->dma, GFP_KERNEL);
		return buf->cpu ? 0 : -ENOMEM;
	}
	buf->cpu = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, get_order(dev->size));
	if (!buf->cpu)
		return -ENOMEM;
	buf->dma = dma_map_single(parent, buf->cpu, dev->size, pool->direction);
	if (dma_mapping_error(parent, buf->dma)) {
		free_pages((unsigned long)buf->cpu, get_order(dev->size));
		buf->cpu = NULL;
		return -ENOMEM;
	}
	if (takes_page(pool))
		buf->cpu = virt_to_page(buf->cpu);
	return 0;
}

static void buf_free(struct axisg2_dev *dev, struct axisg2_pool *pool, struct axisg2_buf *buf)
{
	struct device *parent = &dev->pdev->dev;

	if (!buf->cpu)
		return;
	if (dev->mode == MODE_COHERENT) {
		dma_free_coherent(parent, dev->size, buf->cpu, buf->dma);
	} else {
		if (takes_page(pool))
			buf->cpu = page_address(buf->cpu);
		dma_unmap_single(parent, buf->dma, dev->size, pool->direction);
		free_pages((unsigned long)buf->cpu, get_order(dev->size));
	}
	buf->cpu = NULL;
}

/* Sending buffers begin free; receiving ones wait for the engine. */
int axisg2_pool_alloc(struct axisg2_dev *dev, struct axisg2_pool *pool)
{
	bool sends = pool->direction == DMA_TO_DEVICE;
	u32 i;

	INIT_LIST_HEAD(&pool->free);
	INIT_LIST_HEAD(&pool->waiting);
	pool->bufs = kvcalloc(pool->count, sizeof(*pool->bufs), GFP_KERNEL);
	if (!pool->bufs)
		return -ENOMEM;
	for (i = 0; i < pool->count; i++) {
		struct axisg2_buf *buf = &pool->bufs[i];

		if (buf_alloc(dev, pool, buf)) {
			dev_err(&dev->pdev->dev, "no memory for buffer %u of %u, %u bytes each; lower cfgTxCount, cfgRxCount or cfgSize\n",
				i + 1, pool->count, dev->size);
			axisg2_pool_free(dev, pool);
			return -ENOMEM;
		}
		buf->index = pool->first + i;
		buf->group = AXISG2_NO_GROUP;
		buf->place = sends ? IN_SW : IN_PRE_HW;
		list_add_tail(&buf->link, sends ? &pool->free : &pool->waiting);
	}
	pool->places[sends ? IN_SW : IN_PRE_HW] = pool->count;
	return 0;
}

void axisg2_pool_free(struct axisg2_dev *dev, struct axisg2_pool *pool)
{
	u32 i;

	if (!pool->bufs)
		return;
	for (i = 0; i < pool->count; i++)
		buf_free(dev, pool, &pool->bufs[i]);
	kvfree(pool->bufs);
	pool->bufs = NULL;
}

/* Takes it off whatever list it is on; under the device's lock. */
void axisg2_move(struct axisg2_pool *pool, struct axisg2_buf *buf, enum axisg2_place place)
{
	list_del_init(&buf->link);
	pool->places[buf->place]--;
	pool->places[place]++;
	buf->place = place;
}

struct axisg2_buf *axisg2_buf_of(struct axisg2_pool *pool, u32 index)
{
	u32 at = index - pool->first;

	return index >= pool->first && at < pool->count ? &pool->bufs[at] : NULL;
}

void axisg2_sync_for_device(struct axisg2_dev *dev, struct axisg2_pool *pool, struct axisg2_buf *buf)
{
	if (dev->mode == MODE_STREAMING)
		dma_sync_single_for_device(&dev->pdev->dev, buf->dma, dev->size, pool->direction);
}

void axisg2_sync_for_cpu(struct axisg2_dev *dev, struct axisg2_pool *pool, struct axisg2_buf *buf)
{
	if (dev->mode == MODE_STREAMING)
		dma_sync_single_for_cpu(&dev->pdev->dev, buf->dma, dev->size, pool->direction);
}
