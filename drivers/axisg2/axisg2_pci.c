// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>
#include <linux/delay.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/version.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include "axisg2.h"

static struct axisg2_params params = {
	.tx_count = 1024,
	.rx_count = 1024,
	.size = 0x20000,
	.mode = MODE_COHERENT,
	.cont = 1,
	.irq_hold = 10000,
	.timeout = 0xFFFF,
};

#define PARAM(name, field, help) \
	module_param_named(name, params.field, int, 0444); \
	MODULE_PARM_DESC(name, help)

PARAM(cfgTxCount, tx_count, "buffers for sending");
PARAM(cfgRxCount, rx_count, "buffers for receiving");
PARAM(cfgSize, size, "bytes of a buffer, a multiple of the page size");
PARAM(cfgMode, mode, "1: coherent buffers, 2: streaming ones");
PARAM(cfgCont, cont, "a frame longer than a buffer goes on in the next one");
PARAM(cfgIrqHold, irq_hold, "clocks between an acknowledge and the next interrupt, up to 65535");
PARAM(cfgIrqDis, irq_dis, "not 0: no interrupts, poll on the CPU of this number");
PARAM(cfgDevName, dev_name, "not 0: name the device by its bus number");
PARAM(cfgTimeout, timeout, "clocks the card waits for memory");
PARAM(cfgDebug, debug, "not 0: the kernel log tells of each buffer that comes back from the card");
PARAM(cfgBgThold0, bg_threshold[0], "buffers at which group 0 pauses, 0 for never");
PARAM(cfgBgThold1, bg_threshold[1], "group 1");
PARAM(cfgBgThold2, bg_threshold[2], "group 2");
PARAM(cfgBgThold3, bg_threshold[3], "group 3");
PARAM(cfgBgThold4, bg_threshold[4], "group 4");
PARAM(cfgBgThold5, bg_threshold[5], "group 5");
PARAM(cfgBgThold6, bg_threshold[6], "group 6");
PARAM(cfgBgThold7, bg_threshold[7], "group 7");

#ifdef AXISG2_PLANTED
int axisg2_plant;
module_param_named(plant, axisg2_plant, int, 0444);
MODULE_PARM_DESC(plant, "the bug of axisg2_planted.h that this driver has");
#endif

#define MOST_BUFFERS	65536
#define LARGEST_BUFFER	0x400000

/* Bound to a CPU is what a workqueue was unless told otherwise, before there was a flag that says so: an enumerator. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define POLLER_FLAGS	(WQ_MEM_RECLAIM | WQ_PERCPU)
#else
#define POLLER_FLAGS	WQ_MEM_RECLAIM
#endif

DEFINE_SRCU(axisg2_srcu);
static DEFINE_IDA(numbers);

/* Wrong parameters are told before a card is looked for: insmod fails. */
static int check_params(void)
{
	int i;

	if (params.tx_count < 1 || params.tx_count > MOST_BUFFERS || params.rx_count < 1 || params.rx_count > MOST_BUFFERS) {
		pr_err("axisg2: cfgTxCount and cfgRxCount are 1 to %d, not %d and %d\n", MOST_BUFFERS, params.tx_count, params.rx_count);
		return -EINVAL;
	}
	if (params.size < (int)PAGE_SIZE || params.size > LARGEST_BUFFER || params.size % PAGE_SIZE) {
		pr_err("axisg2: cfgSize is a multiple of %lu up to %d, not %d\n", PAGE_SIZE, LARGEST_BUFFER, params.size);
		return -EINVAL;
	}
	if (params.mode != MODE_COHERENT && params.mode != MODE_STREAMING) {
		pr_err("axisg2: cfgMode is 1 (coherent) or 2 (streaming), not %d\n", params.mode);
		return -EINVAL;
	}
	if (params.irq_dis && (params.irq_dis < 0 || params.irq_dis >= nr_cpu_ids || !cpu_online(params.irq_dis))) {
		pr_err("axisg2: cfgIrqDis=%d wants to poll on CPU %d, which is not there; this machine has %u\n",
		       params.irq_dis, params.irq_dis, num_online_cpus());
		return -EINVAL;
	}
	if (params.irq_hold < 0 || params.irq_hold > 0xFFFF)
		pr_warn("axisg2: cfgIrqHold has 16 bits in the card, %d becomes %d\n", params.irq_hold, params.irq_hold & 0xFFFF);
	if (params.timeout < 0) {
		pr_err("axisg2: cfgTimeout is a number of clocks, not %d\n", params.timeout);
		return -EINVAL;
	}
	for (i = 0; i < AXISG2_GROUPS; i++) {
		if (params.bg_threshold[i] < 0) {
			pr_err("axisg2: cfgBgThold%d is a number of buffers, not %d\n", i, params.bg_threshold[i]);
			return -EINVAL;
		}
	}
	return 0;
}

void axisg2_release(struct kref *ref)
{
	kfree(container_of(ref, struct axisg2_dev, ref));
}

static struct axisg2_dev *new_dev(struct pci_dev *pdev)
{
	struct axisg2_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	kref_init(&dev->ref);
	dev->pdev = pdev;
	dev->size = params.size;
	dev->mode = params.mode;
	dev->polled_cpu = params.irq_dis;
	dev->debug = params.debug;
	dev->tx.count = params.tx_count;
	dev->tx.direction = DMA_TO_DEVICE;
	dev->rx.count = params.rx_count;
	dev->rx.first = params.tx_count;
	dev->rx.direction = DMA_FROM_DEVICE;
	spin_lock_init(&dev->lock);
	mutex_init(&dev->files_lock);
	INIT_LIST_HEAD(&dev->files);
	init_waitqueue_head(&dev->writable);
	INIT_WORK(&dev->poll, axisg2_poll_work);
	return dev;
}

/* Its messages are the kernel's: who writes there has the card write any word of memory. */
static void find_msix_table(struct axisg2_dev *dev)
{
	struct pci_dev *pdev = dev->pdev;
	u32 table;

	if (!pdev->msix_cap || pci_read_config_dword(pdev, pdev->msix_cap + PCI_MSIX_TABLE, &table) || table & PCI_MSIX_TABLE_BIR)
		return;
	dev->msix_start = round_down(table, PAGE_SIZE);
	dev->msix_end = round_up(table + pci_msix_vec_count(pdev) * PCI_MSIX_ENTRY_SIZE, PAGE_SIZE);
}

static int map_bar(struct axisg2_dev *dev)
{
	struct pci_dev *pdev = dev->pdev;
	int ret;

	dev->bar_len = pci_resource_len(pdev, 0);
	if (!(pci_resource_flags(pdev, 0) & IORESOURCE_MEM) || !pci_resource_start(pdev, 0))
		return dev_err_probe(&pdev->dev, -ENODEV, "BAR 0 is no memory that was given an address\n");
	if (dev->bar_len > AXISG2_BAR_SIZE || dev->bar_len < AXISG2_VERSION_BLOCK + 0x1000)
		return dev_err_probe(&pdev->dev, -EINVAL, "BAR 0 has 0x%llx bytes, not 0x%x: this is other firmware\n",
				     (u64)dev->bar_len, AXISG2_BAR_SIZE);
	ret = pci_request_region(pdev, 0, "axisg2");
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "BAR 0 is in use by another driver, see /proc/iomem\n");
	find_msix_table(dev);
	dev->bar = pci_ioremap_bar(pdev, 0);
	if (dev->bar)
		return 0;
	pci_release_region(pdev, 0);
	return -ENOMEM;
}

static void unmap_bar(struct axisg2_dev *dev)
{
	iounmap(dev->bar);
	pci_release_region(dev->pdev, 0);
}

static int alloc_memory(struct axisg2_dev *dev)
{
	int ret;

	dev->owners = kvcalloc(DATADEV_DESTS, sizeof(*dev->owners), GFP_KERNEL);
	if (!dev->owners)
		return -ENOMEM;
	ret = axisg2_rings_alloc(dev);
	if (ret)
		goto no_rings;
	ret = axisg2_pool_alloc(dev, &dev->tx);
	if (ret)
		goto no_tx;
	ret = axisg2_pool_alloc(dev, &dev->rx);
	if (!ret)
		return 0;
	axisg2_pool_free(dev, &dev->tx);
no_tx:
	axisg2_rings_free(dev);
no_rings:
	kvfree(dev->owners);
	return ret;
}

static void free_memory(struct axisg2_dev *dev)
{
	axisg2_pool_free(dev, &dev->rx);
	axisg2_pool_free(dev, &dev->tx);
	axisg2_rings_free(dev);
	kvfree(dev->owners);
}

static int take_interrupt(struct axisg2_dev *dev)
{
	struct pci_dev *pdev = dev->pdev;
	int ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);

	if (ret < 0)
		return dev_err_probe(&pdev->dev, ret, "the card has no interrupt this machine can give\n");
	dev->irq = pci_irq_vector(pdev, 0);
	dev_info(&pdev->dev, "using %s interrupts, irq=%d\n", pdev->msix_enabled ? "MSI-X" : pdev->msi_enabled ? "MSI" : "legacy INTx", dev->irq);
	if (dev->polled_cpu) {
		dev->poller = alloc_workqueue("%s", POLLER_FLAGS, 1, dev->name);
		ret = dev->poller ? 0 : -ENOMEM;
	} else {
		ret = request_threaded_irq(dev->irq, axisg2_irq, axisg2_irq_thread, pci_dev_msi_enabled(pdev) ? 0 : IRQF_SHARED, dev->name, dev);
	}
	if (ret)
		pci_free_irq_vectors(pdev);
	return ret;
}

static void drop_interrupt(struct axisg2_dev *dev)
{
	if (dev->polled_cpu) {
		cancel_work_sync(&dev->poll);
		destroy_workqueue(dev->poller);
	} else {
		free_irq(dev->irq, dev);
	}
	pci_free_irq_vectors(dev->pdev);
}

static int publish(struct axisg2_dev *dev)
{
	int ret;

	dev->misc.minor = MISC_DYNAMIC_MINOR;
	dev->misc.name = dev->name;
	dev->misc.fops = &axisg2_fops;
	dev->misc.parent = &dev->pdev->dev;
	dev->misc.mode = 0666;
	dev->proc = proc_create_single_data(dev->name, 0444, NULL, axisg2_proc_show, dev);
	if (!dev->proc)
		return -ENOMEM;
	ret = misc_register(&dev->misc);
	if (ret)
		proc_remove(dev->proc);
	return ret;
}

static int take_name(struct axisg2_dev *dev)
{
	dev->number = ida_alloc_max(&numbers, 255, GFP_KERNEL);
	if (dev->number < 0)
		return dev->number;
	if (params.dev_name)
		snprintf(dev->name, sizeof(dev->name), "datadev_%02x", dev->pdev->bus->number);
	else
		snprintf(dev->name, sizeof(dev->name), "datadev_%d", dev->number);
	return 0;
}

/* Under the lock: from here on no service pass looks at a file. */
static void set_gone(struct axisg2_dev *dev)
{
	spin_lock(&dev->lock);
	WRITE_ONCE(dev->gone, true);
	spin_unlock(&dev->lock);
}

static int axisg2_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct axisg2_dev *dev = new_dev(pdev);
	int ret;

	if (!dev)
		return -ENOMEM;
	ret = take_name(dev);
	if (ret)
		goto no_name;
	ret = pci_enable_device(pdev);
	if (ret)
		goto no_device;
	ret = map_bar(dev);
	if (ret)
		goto no_bar;
	axisg2_write(dev, AXISG2_VERSION_BLOCK + VER_USER_RESET, 1);
	axisg2_write(dev, AXISG2_VERSION_BLOCK + VER_USER_RESET, 0);
	ret = axisg2_identify(dev);
	if (ret)
		goto no_memory;
	ret = alloc_memory(dev);
	if (ret)
		goto no_memory;
	axisg2_gpu_init(dev);
	pci_set_master(pdev);
	axisg2_setup(dev, &params);
	ret = take_interrupt(dev);
	if (ret)
		goto no_interrupt;
	pci_set_drvdata(pdev, dev);
	axisg2_start(dev);
	ret = publish(dev);
	if (ret)
		goto no_node;
	dev_info(&pdev->dev, "%s: engine version %u, %u lanes, rings of %u\n", dev->name, dev->version, dev->lanes, dev->entries);
	return 0;

no_node:
	set_gone(dev);
	axisg2_stop(dev);
	drop_interrupt(dev);
no_interrupt:
	axisg2_stop(dev);
	pci_clear_master(pdev);
	free_memory(dev);
no_memory:
	unmap_bar(dev);
no_bar:
	pci_disable_device(pdev);
no_device:
	ida_free(&numbers, dev->number);
no_name:
	kref_put(&dev->ref, axisg2_release);
	return ret;
}

/* One may be on its way. Its handler turns interrupts on again unless it knows that the device is gone; after that, none comes. */
static void quiet_interrupt(struct axisg2_dev *dev)
{
	axisg2_write(dev, REG_INT_ENABLE, 0);
	if (dev->polled_cpu)
		return;
	synchronize_irq(dev->irq);
	axisg2_write(dev, REG_INT_ENABLE, 0);
	axisg2_read(dev, REG_ENABLE);
}

/* Files may be open. From synchronize_srcu() on nobody looks at the card, from axisg2_stop() on it looks at no memory. */
static void axisg2_remove(struct pci_dev *pdev)
{
	struct axisg2_dev *dev = pci_get_drvdata(pdev);

	misc_deregister(&dev->misc);
	proc_remove(dev->proc);
	if (!planted(BUG_FILES_FORGOTTEN)) {
		set_gone(dev);
		synchronize_srcu(&axisg2_srcu);
		axisg2_zap(dev);
	}
	axisg2_gpu_remove(dev);
	quiet_interrupt(dev);
	drop_interrupt(dev);
	if (planted(BUG_FREE_FIRST)) {
		free_memory(dev);
		msleep(200); /* frames come when they come */
	}
	axisg2_stop(dev);
	pci_clear_master(pdev);
	if (!planted(BUG_FREE_FIRST))
		free_memory(dev);
	unmap_bar(dev);
	pci_disable_device(pdev);
	ida_free(&numbers, dev->number);
	kref_put(&dev->ref, axisg2_release);
}

/* The function is about to be reset, by somebody at sysfs. Files stay open. */
static void axisg2_reset_prepare(struct pci_dev *pdev)
{
	struct axisg2_dev *dev = pci_get_drvdata(pdev);

	spin_lock(&dev->lock);
	dev->resetting = true;
	spin_unlock(&dev->lock);
	axisg2_gpu_remove(dev);
	axisg2_write(dev, REG_INT_ENABLE, 0);
	if (dev->polled_cpu)
		cancel_work_sync(&dev->poll);
	else
		disable_irq(dev->irq);
	axisg2_stop(dev);
}

static void axisg2_reset_done(struct pci_dev *pdev)
{
	struct axisg2_dev *dev = pci_get_drvdata(pdev);

	axisg2_forget(dev);
	axisg2_setup(dev, &params);
	if (!dev->polled_cpu)
		enable_irq(dev->irq);
	axisg2_start(dev);
	dev_info(&pdev->dev, "%s: the card was reset; frames that were in it are lost\n", dev->name);
}

static const struct pci_error_handlers error_handlers = {
	.reset_prepare = axisg2_reset_prepare,
	.reset_done = axisg2_reset_done,
};

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(0x1a4a, 0x2030) },
	{ }
};
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver driver = {
	.name = "axisg2",
	.id_table = ids,
	.probe = axisg2_probe,
	.remove = axisg2_remove,
	.shutdown = axisg2_remove,
	.err_handler = &error_handlers,
};

static int __init axisg2_init(void)
{
	int ret = check_params();

	return ret ?: pci_register_driver(&driver);
}
module_init(axisg2_init);

static void __exit axisg2_exit(void)
{
	pci_unregister_driver(&driver);
	ida_destroy(&numbers);
}
module_exit(axisg2_exit);

MODULE_DESCRIPTION("Cards with SLAC's AXI-Stream DMA engine");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
