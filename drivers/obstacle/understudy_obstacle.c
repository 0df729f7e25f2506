// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands in the way of a card's driver that is loaded after it, and is out of
 * it when it is unloaded.
 *
 * region=1 takes a page in the middle of BAR 0, as another driver that claims
 * the same addresses does: pci_request_region() finds it busy.
 *
 * mask=1 takes the device's DMA mask, as a bus without DMA has none:
 * dma_set_mask() has nothing to set and fails (kernel/dma/mapping.c). On x86
 * nothing else refuses a mask of 32 bits and more.
 */
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/pci.h>

static uint vendor, device;
module_param(vendor, uint, 0444);
MODULE_PARM_DESC(vendor, "the card's vendor");
module_param(device, uint, 0444);
MODULE_PARM_DESC(device, "the card's device");

static bool region, mask;
module_param(region, bool, 0444);
MODULE_PARM_DESC(region, "take a page of BAR 0");
module_param(mask, bool, 0444);
MODULE_PARM_DESC(mask, "take the DMA mask");

static struct pci_dev *card;
static resource_size_t taken;
static u64 *dma_mask;

static int __init obstacle_init(void)
{
	card = pci_get_device(vendor, device, NULL);
	if (!card)
		return -ENODEV;
	taken = pci_resource_start(card, 0) + (pci_resource_len(card, 0) / 2 & PAGE_MASK);
	if (region && !request_mem_region(taken, PAGE_SIZE, KBUILD_MODNAME)) {
		pci_dev_put(card);
		return -EBUSY;
	}
	dma_mask = card->dev.dma_mask;
	if (mask)
		card->dev.dma_mask = NULL;
	return 0;
}
module_init(obstacle_init);

static void __exit obstacle_exit(void)
{
	card->dev.dma_mask = dma_mask;
	if (region)
		release_mem_region(taken, PAGE_SIZE);
	pci_dev_put(card);
}
module_exit(obstacle_exit);

MODULE_DESCRIPTION("Stands in the way of a card's driver");
MODULE_LICENSE("GPL");
