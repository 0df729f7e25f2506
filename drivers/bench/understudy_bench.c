// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times what a driver waits for on an Understudy bench card: a register read, and the way from a doorbell write to the MSI handler.
 * Reading the attributes read_ns and irq_ns runs a loop and gives "min p50 p90 p99 mean" in nanoseconds.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>
#ifdef CONFIG_X86
#include <asm/tsc.h>
#else
#include <linux/ktime.h>
#endif

#define REG_SCRATCH	0x04
#define REG_DOORBELL	0x08
#define SAMPLES		2000
#define WARMUP		200

struct bench {
	void __iomem *regs;
	struct completion done;
	u64 rung, heard;
};

#ifdef CONFIG_X86
static u64 bench_now(void)
{
	return rdtsc_ordered();
}

static u64 bench_ns(u64 cycles)
{
	return div_u64(cycles * 1000000, tsc_khz);
}
#else
static u64 bench_now(void)
{
	return ktime_get_ns();
}

static u64 bench_ns(u64 ns)
{
	return ns;
}
#endif

static irqreturn_t bench_irq(int irq, void *data)
{
	struct bench *bench = data;

	bench->heard = bench_now();
	complete(&bench->done);
	return IRQ_HANDLED;
}

static u64 bench_read(struct bench *bench)
{
	u64 start = bench_now();

	readl(bench->regs + REG_SCRATCH);
	return bench_now() - start;
}

static u64 bench_ring(struct bench *bench)
{
	reinit_completion(&bench->done);
	bench->rung = bench_now();
	writel(1, bench->regs + REG_DOORBELL);
	if (!wait_for_completion_timeout(&bench->done, HZ))
		return 0;
	return bench->heard - bench->rung;
}

static int bench_compare(const void *left, const void *right)
{
	u64 a = *(const u64 *)left, b = *(const u64 *)right;

	return a < b ? -1 : a > b;
}

static ssize_t bench_measure(struct device *dev, char *buf, u64 (*once)(struct bench *bench))
{
	struct bench *bench = dev_get_drvdata(dev);
	u64 *samples = vmalloc_array(SAMPLES, sizeof(*samples));
	u64 sum = 0;
	ssize_t length = -ETIMEDOUT;
	int i;

	if (!samples)
		return -ENOMEM;
	for (i = -WARMUP; i < SAMPLES; i++) {
		u64 cycles = once(bench);

		if (!cycles)
			goto out;
		if (i < 0)
			continue;
		samples[i] = cycles;
		sum += cycles;
	}
	sort(samples, SAMPLES, sizeof(*samples), bench_compare, NULL);
	length = sysfs_emit(buf, "%llu %llu %llu %llu %llu\n", bench_ns(samples[0]), bench_ns(samples[SAMPLES / 2]),
			    bench_ns(samples[SAMPLES * 9 / 10]), bench_ns(samples[SAMPLES * 99 / 100]), bench_ns(div_u64(sum, SAMPLES)));
out:
	vfree(samples);
	return length;
}

static ssize_t read_ns_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return bench_measure(dev, buf, bench_read);
}
static DEVICE_ATTR_RO(read_ns);

static ssize_t irq_ns_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return bench_measure(dev, buf, bench_ring);
}
static DEVICE_ATTR_RO(irq_ns);

static struct attribute *bench_attrs[] = { &dev_attr_read_ns.attr, &dev_attr_irq_ns.attr, NULL };
ATTRIBUTE_GROUPS(bench);

static int bench_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct bench *bench = devm_kzalloc(&pdev->dev, sizeof(*bench), GFP_KERNEL);
	int error;

	if (!bench)
		return -ENOMEM;
	init_completion(&bench->done);
	pci_set_drvdata(pdev, bench);
	error = pcim_enable_device(pdev);
	if (error)
		return error;
	error = pcim_iomap_regions(pdev, BIT(0), KBUILD_MODNAME);
	if (error)
		return error;
	bench->regs = pcim_iomap_table(pdev)[0];
	pci_set_master(pdev);
	error = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (error < 0)
		return error;
	return devm_request_irq(&pdev->dev, pci_irq_vector(pdev, 0), bench_irq, 0, KBUILD_MODNAME, bench);
}

static const struct pci_device_id bench_ids[] = {
	{ PCI_DEVICE(0x1234, 0x0be1) },
	{ }
};
MODULE_DEVICE_TABLE(pci, bench_ids);

static struct pci_driver bench_driver = {
	.name = KBUILD_MODNAME,
	.id_table = bench_ids,
	.probe = bench_probe,
	.dev_groups = bench_groups,
};
module_pci_driver(bench_driver);

MODULE_DESCRIPTION("Latency of an Understudy bench card");
MODULE_LICENSE("GPL");
