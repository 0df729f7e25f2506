// SPDX-License-Identifier: GPL-2.0-only
/* Ditto copy engine: probe and remove. The card's datasheet is src/Devices/Ditto/README.md. */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "ditto.h"

#ifndef PCI_IRQ_INTX	/* before 6.8 */
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

#define BUTTON_BOUNCES_MS 20

int planted_bug;
module_param_named(bug, planted_bug, int, 0444);
MODULE_PARM_DESC(bug, "the planted bug to have, by its number in planted.h; 0 for none");

static ssize_t serial_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct ditto *card = dev_get_drvdata(dev);

	return sysfs_emit(text, "%u\n", card->serial);
}
static DEVICE_ATTR_RO(serial);

static ssize_t label_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct ditto *card = dev_get_drvdata(dev);

	return sysfs_emit(text, "%s\n", card->label);
}
static DEVICE_ATTR_RO(label);

static ssize_t presses_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct ditto *card = dev_get_drvdata(dev);

	return sysfs_emit(text, "%u\n", READ_ONCE(card->presses));
}
static DEVICE_ATTR_RO(presses);

static struct attribute *ditto_attrs[] = { &dev_attr_serial.attr, &dev_attr_label.attr, &dev_attr_presses.attr, NULL };
ATTRIBUTE_GROUPS(ditto);

static void ditto_button(struct work_struct *work)
{
	struct ditto *card = container_of(work, struct ditto, button);

	msleep(BUTTON_BOUNCES_MS);
	WRITE_ONCE(card->presses, readl(card->regs + DITTO_REG_PRESSES));
}

static void ditto_read_label(struct ditto *card)
{
	char label[DITTO_NAME_BYTES];
	int i;

	for (i = 0; i < DITTO_NAME_BYTES - 1 || planted(PLANTED_LABEL_OVERFLOW); i++) {
		label[i] = readb(card->regs + DITTO_REG_NAME + i);
		if (!label[i])
			break;
	}
	if (i == DITTO_NAME_BYTES - 1)
		label[i] = 0;
	strscpy(card->label, label, sizeof(card->label));
	card->serial = readl(card->regs + DITTO_REG_SERIAL);
	if (!planted(PLANTED_ENDIANNESS))
		card->serial = be32_to_cpu((__force __be32)card->serial);
}

/* The card copies 64 bytes as it should. */
static int ditto_self_test(struct ditto *card)
{
	u8 from[64], to[64] = {};
	int error, i;

	for (i = 0; i < sizeof(from); i++)
		from[i] = i * 37 + 1;
	mutex_lock(&card->io);
	error = ditto_copy(card, from, to, sizeof(from));
	mutex_unlock(&card->io);
	if (!error && memcmp(from, to, sizeof(from)))
		error = -EIO;
	if (error)
		dev_err(&card->pdev->dev, "the card does not copy (%d)\n", error);
	return error;
}

static int ditto_map_card(struct ditto *card)
{
	struct pci_dev *pdev = card->pdev;
	int error;

	error = pci_request_region(pdev, 0, "ditto");
	if (error)
		return error;
	card->regs = pci_resource_len(pdev, 0) >= 0x1000 ? pci_iomap(pdev, 0, 0) : NULL;
	if (card->regs)
		return 0;
	pci_release_region(pdev, 0);
	return -ENODEV;
}

static int ditto_identify(struct ditto *card)
{
	u32 id = readl(card->regs + DITTO_REG_ID);
	int error;

	if (id != DITTO_ID) {
		dev_err(&card->pdev->dev, "id 0x%08x is none of mine\n", id);
		return -ENODEV;
	}
	error = planted(PLANTED_NO_RESET) ? 0 : ditto_reset(card);
	if (error) {
		dev_err(&card->pdev->dev, "the card does not come out of reset (%d)\n", error);
		return error;
	}
	error = ditto_read_capabilities(card);
	if (error)
		return error;
	ditto_read_label(card);
	return ditto_alloc_rings(card);
}

static int ditto_request_irq(struct ditto *card)
{
	int error = pci_alloc_irq_vectors(card->pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_INTX);

	if (error < 0)
		return error;
	error = request_irq(pci_irq_vector(card->pdev, 0), ditto_interrupt, card->pdev->msi_enabled ? 0 : IRQF_SHARED, "ditto", card);
	if (error)
		pci_free_irq_vectors(card->pdev);
	return error;
}

/* From here on nobody is interrupted, nothing is scheduled, and the card touches no memory. */
static void ditto_quiesce(struct ditto *card)
{
	if (planted(PLANTED_REMOVE_RACE))
		cancel_work_sync(&card->button);
	ditto_stop(card);
	free_irq(pci_irq_vector(card->pdev, 0), card);
	pci_free_irq_vectors(card->pdev);
	if (!planted(PLANTED_REMOVE_RACE))
		cancel_work_sync(&card->button);
	while (planted(PLANTED_ENDLESS_RECOVERY) && READ_ONCE(card->recovering))
		msleep(10);
	if (!planted(PLANTED_WORK_LEFT))
		cancel_delayed_work_sync(&card->recovery);
	if (!planted(PLANTED_BUS_MASTER_LEFT))
		pci_clear_master(card->pdev);
}

static int ditto_bring_up(struct ditto *card)
{
	int error = ditto_request_irq(card);

	if (error)
		return error;
	ditto_start(card);
	error = ditto_self_test(card);
	if (error)
		goto quiesce;
	card->misc.minor = MISC_DYNAMIC_MINOR;
	card->misc.name = "ditto";
	card->misc.fops = &ditto_fops;
	error = misc_register(&card->misc);
	if (!error)
		return 0;
quiesce:
	if (planted(PLANTED_IRQ_LEFT)) {
		ditto_stop(card);
		pci_free_irq_vectors(card->pdev);
	} else {
		ditto_quiesce(card);
	}
	return error;
}

static struct ditto *ditto_new(struct pci_dev *pdev)
{
	struct ditto *card = kzalloc(sizeof(*card), GFP_KERNEL);

	if (!card)
		return NULL;
	kref_init(&card->users);
	card->pdev = pdev;
	mutex_init(&card->io);
	spin_lock_init(&card->lock);
	INIT_WORK(&card->button, ditto_button);
	INIT_DELAYED_WORK(&card->recovery, ditto_recover);
	return card;
}

static int ditto_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ditto *card = ditto_new(pdev);
	int error;

	if (!card)
		return -ENOMEM;
	pci_set_drvdata(pdev, card);
	error = pci_enable_device(pdev);
	if (error)
		goto free;
	pci_set_master(pdev);
	error = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (!error)
		error = ditto_map_card(card);
	if (error)
		goto disable;
	error = ditto_identify(card);
	if (error)
		goto unmap;
	error = ditto_bring_up(card);
	if (!error)
		return 0;
	if (planted(PLANTED_DOUBLE_FREE))
		kfree(card->requests);
	if (planted(PLANTED_PROBE_LEAK))
		card->requests = NULL;
	ditto_free_rings(card);
unmap:
	pci_iounmap(pdev, card->regs);
	pci_release_region(pdev, 0);
disable:
	pci_disable_device(pdev);
free:
	kref_put(&card->users, ditto_release);
	return planted(PLANTED_PROBE_LIES) ? 0 : error;
}

static void ditto_remove(struct pci_dev *pdev)
{
	struct ditto *card = pci_get_drvdata(pdev);

	misc_deregister(&card->misc);
	mutex_lock(&card->io);
	card->gone = true;
	mutex_unlock(&card->io);
	ditto_quiesce(card);
	ditto_free_rings(card);
	pci_iounmap(pdev, card->regs);
	pci_release_region(pdev, 0);
	if (!planted(PLANTED_BUS_MASTER_LEFT))
		pci_disable_device(pdev);
	kref_put(&card->users, ditto_release);
}

static const struct pci_device_id ditto_ids[] = {
	{ PCI_DEVICE(0x1234, 0xd177) },
	{ }
};
MODULE_DEVICE_TABLE(pci, ditto_ids);

static struct pci_driver ditto_driver = {
	.name = "ditto",
	.id_table = ditto_ids,
	.probe = ditto_probe,
	.remove = ditto_remove,
	.dev_groups = ditto_groups,
};
module_pci_driver(ditto_driver);

MODULE_DESCRIPTION("Ditto copy engine, with bugs on demand");
MODULE_LICENSE("GPL");
