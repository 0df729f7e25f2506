// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does to its own kernel, on demand, what a broken driver does by accident: write the name of a harm to /dev/selfharm, or load the
 * module with harm=NAME or leak=KIND. Each harm is a function of its own, selfharm_NAME, so that a report can be held to naming it.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/platform_device.h>
#include <linux/reboot.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

static char *harm;
module_param(harm, charp, 0444);
MODULE_PARM_DESC(harm, "what to do when loaded");

static char *leak;
module_param(leak, charp, 0444);
MODULE_PARM_DESC(leak, "what to leave behind when loaded: slab, vmalloc or pages");

static unsigned int seconds = 6;
module_param(seconds, uint, 0644);
MODULE_PARM_DESC(seconds, "how long a harm that ends by itself lasts");

#define HARM(name) static noinline __noclone __used int selfharm_##name(void)

/* Values the compiler must not see through. */
static void *nowhere;
static volatile int nothing;
static DEFINE_SPINLOCK(lock);
static DEFINE_SPINLOCK(other_lock);

static void spin(void)
{
	unsigned long end = jiffies + seconds * HZ;

	while (time_before(jiffies, end))
		cpu_relax();
}

HARM(null_deref)
{
	*(volatile int *)READ_ONCE(nowhere) = 1;
	return 0;
}

HARM(page_fault)
{
	char *page = vmalloc(PAGE_SIZE);

	if (!page)
		return -ENOMEM;
	/* The guard page behind it. */
	*(volatile char *)(page + PAGE_SIZE) = 1;
	vfree(page);
	return 0;
}

HARM(general_protection)
{
	return *(volatile int *)(0xdeadbeef00000000UL + nothing);
}

HARM(bug)
{
	BUG_ON(!nothing);
	return 0;
}

HARM(warning)
{
	WARN_ON(!nothing);
	return 0;
}

HARM(refcount)
{
	refcount_t count;

	refcount_set(&count, 0);
	refcount_inc(&count);
	return 0;
}

HARM(list_corruption)
{
	LIST_HEAD(head);
	struct list_head entry;

	list_add(&entry, &head);
	list_add(&entry, &head);
	return 0;
}

HARM(list_del)
{
	LIST_HEAD(head);
	struct list_head entry;

	list_add(&entry, &head);
	list_del(&entry);
	list_del(&entry);
	return 0;
}

HARM(invalid_opcode)
{
#ifdef CONFIG_X86
	/* No BUG(): the kernel has no entry for this place. */
	asm volatile("ud2" ::: "memory");
#endif
	return -ENODEV;
}

HARM(int3)
{
#ifdef CONFIG_X86
	asm volatile("int3" ::: "memory");
#endif
	return -ENODEV;
}

/* Nobody reads it. */
static void __user *const user = (void __user *)8;

HARM(usercopy)
{
	size_t length = 128 + nothing;
	char *bytes = kmalloc(64, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(bytes);
	OPTIMIZER_HIDE_VAR(length);
	length = copy_to_user(user, bytes, length);
	kfree(bytes);
	return length ? -EFAULT : 0;
}

HARM(fortify)
{
	char room[8];
	size_t length = sizeof(room) + 8 + nothing;

	OPTIMIZER_HIDE_VAR(length);
	memset(room, 0, length);
	return ((volatile char *)room)[nothing];
}

HARM(stack_smash)
{
	char room[16];
	volatile char *at = room;
	int i;

	OPTIMIZER_HIDE_VAR(at);
	for (i = 0; i < 64; i++)
		at[i] = 'x';
	return room[nothing] & 0;
}

HARM(divide_error)
{
	/* Unsigned and 32 bits wide everywhere, so that no library function does it. */
	return 1000u / (unsigned int)nothing;
}

HARM(schedule_in_atomic)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	spin_unlock_irqrestore(&lock, flags);
	preempt_disable();
	/* The report puts the preemption count right: to enable it once more would be a second harm. */
	schedule_timeout_uninterruptible(1);
	return 0;
}

HARM(sleep_in_atomic)
{
	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
	return 0;
}

HARM(lock_order)
{
	spin_lock(&lock);
	spin_lock(&other_lock);
	spin_unlock(&other_lock);
	spin_unlock(&lock);
	spin_lock(&other_lock);
	spin_lock(&lock);
	spin_unlock(&lock);
	spin_unlock(&other_lock);
	return 0;
}

HARM(soft_lockup)
{
	preempt_disable();
	spin();
	preempt_enable();
	return 0;
}

HARM(rcu_stall)
{
	unsigned long begun = jiffies + HZ / 4;

	/* There is a stall only where somebody waits: let a grace period begin behind the reader's back. */
	rcu_read_lock();
	start_poll_synchronize_rcu();
	while (time_before(jiffies, begun))
		cond_resched();
	preempt_disable();
	spin();
	preempt_enable();
	rcu_read_unlock();
	return 0;
}

HARM(hung_task)
{
	schedule_timeout_uninterruptible(seconds * HZ);
	return 0;
}

HARM(silence)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
	return 0;
}

static noinline irqreturn_t selfharm_irq_handler(int irq, void *cookie)
{
	return IRQ_NONE;
}

HARM(irq_nobody_cared)
{
	int i, error, irq = irq_alloc_desc(NUMA_NO_NODE);
	unsigned long flags;

	if (irq < 0)
		return irq;
	irq_set_chip_and_handler(irq, &dummy_irq_chip, handle_simple_irq);
	error = request_irq(irq, selfharm_irq_handler, 0, "selfharm", &lock);
	for (i = 0; !error && i < 100000; i++) {
		local_irq_save(flags);
		generic_handle_irq(irq);
		local_irq_restore(flags);
	}
	if (!error)
		free_irq(irq, &lock);
	irq_free_desc(irq);
	return error;
}

HARM(dma_api)
{
	struct platform_device *pdev = platform_device_register_simple("selfharm", PLATFORM_DEVID_NONE, NULL, 0);

	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	pdev->dev.dma_mask = &pdev->dev.coherent_dma_mask;
	pdev->dev.coherent_dma_mask = DMA_BIT_MASK(32);
	dma_unmap_single(&pdev->dev, 0x1000, 64, DMA_TO_DEVICE);
	platform_device_unregister(pdev);
	return 0;
}

HARM(page_allocation)
{
	LIST_HEAD(all);
	struct page *page, *next;

	while ((page = alloc_pages(GFP_NOWAIT & ~__GFP_NOWARN, 9)))
		list_add(&page->lru, &all);
	list_for_each_entry_safe(page, next, &all, lru)
		__free_pages(page, 9);
	return -ENOMEM;
}

HARM(bad_page)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);

	if (!page)
		return -ENOMEM;
	/* Of a single page some kernels look only when they have its list to tidy up. */
	page[1].mapping = (struct address_space *)8;
	__free_pages(page, 1);
	return 0;
}

static struct net_device *held;

static void selfharm_let_go(struct work_struct *unused)
{
	dev_put(held);
}

static DECLARE_DELAYED_WORK(letting_go, selfharm_let_go);

static netdev_tx_t selfharm_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_kfree_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops held_ops = { .ndo_start_xmit = selfharm_xmit };

static void selfharm_netdev_setup(struct net_device *dev)
{
	dev->netdev_ops = &held_ops;
	dev->needs_free_netdev = true;
}

HARM(netdev_held)
{
	int error;

	held = alloc_netdev(0, "harm%d", NET_NAME_UNKNOWN, selfharm_netdev_setup);
	if (!held)
		return -ENOMEM;
	error = register_netdev(held);
	if (error) {
		free_netdev(held);
		return error;
	}
	dev_hold(held);
	schedule_delayed_work(&letting_go, seconds * HZ);
	unregister_netdev(held);
	return 0;
}

HARM(out_of_bounds)
{
	char *bytes = kmalloc(64, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(bytes);
	((volatile char *)bytes)[64] = 'x';
	kfree(bytes);
	return 0;
}

HARM(use_after_free)
{
	int i, value = 0;

	/* A sampling detector such as KFENCE watches one object at a time: meet it often enough. */
	for (i = 0; i < seconds * 100; i++) {
		char *bytes = kmalloc(64, GFP_KERNEL);

		if (!bytes)
			return -ENOMEM;
		OPTIMIZER_HIDE_VAR(bytes);
		kfree(bytes);
		value += *(volatile char *)bytes;
		msleep(1);
	}
	return value & 0;
}

/* What a sampling detector sees, and nothing else is harmed by. */
HARM(out_of_bounds_read)
{
	int i, value = 0;

	for (i = 0; i < seconds * 100; i++) {
		char *bytes = kmalloc(64, GFP_KERNEL);

		if (!bytes)
			return -ENOMEM;
		OPTIMIZER_HIDE_VAR(bytes);
		value += ((volatile char *)bytes)[64];
		kfree(bytes);
		msleep(1);
	}
	return value & 0;
}

HARM(double_free)
{
	char *bytes = kmalloc(64, GFP_KERNEL);

	if (!bytes)
		return -ENOMEM;
	kfree(bytes);
	OPTIMIZER_HIDE_VAR(bytes);
	kfree(bytes);
	return 0;
}

HARM(stack_out_of_bounds)
{
	char room[16] = "";

	return ((volatile char *)room)[sizeof(room) + nothing] & 0;
}

static char global_room[16];

HARM(global_out_of_bounds)
{
	return ((volatile char *)global_room)[sizeof(global_room) + 4 + nothing] & 0;
}

HARM(vmalloc_out_of_bounds)
{
	char *bytes = vmalloc(100);
	int value;

	if (!bytes)
		return -ENOMEM;
	value = ((volatile char *)bytes)[100 + nothing];
	vfree(bytes);
	return value & 0;
}

HARM(uninitialised)
{
	char *bytes = kmalloc(64, GFP_KERNEL);
	int value;

	if (!bytes)
		return -ENOMEM;
	value = *(volatile char *)bytes ? 1 : 0;
	kfree(bytes);
	return value & 0;
}

static int raced;

static int selfharm_racer(void *unused)
{
	int i;

	for (i = 0; i < 10000000; i++)
		raced++;
	return 0;
}

HARM(data_race)
{
	struct task_struct *racer = kthread_create(selfharm_racer, NULL, "selfharm");

	if (IS_ERR(racer))
		return PTR_ERR(racer);
	wake_up_process(racer);
	return selfharm_racer(NULL);
}

HARM(shift)
{
	return (1 << (nothing + 40)) & 0;
}

HARM(array_index)
{
	static volatile int row[4];
	int value, at = 6 + nothing;

	OPTIMIZER_HIDE_VAR(at);
	value = row[at];
	return value & 0;
}

static void selfharm_nobody(struct timer_list *unused)
{
}

/* A timer that is still armed is freed. */
HARM(free_active)
{
	struct timer_list *armed = kmalloc(sizeof(*armed), GFP_KERNEL);

	if (!armed)
		return -ENOMEM;
	timer_setup(armed, selfharm_nobody, 0);
	mod_timer(armed, jiffies + HZ * 60);
	kfree(armed);
	return 0;
}

HARM(lock_unbalanced)
{
	static DEFINE_MUTEX(free);

	mutex_unlock(&free);
	return 0;
}

HARM(lock_held)
{
	static DEFINE_MUTEX(kept);

	mutex_lock(&kept);
	return 0;
}

HARM(rcu_usage)
{
	static int __rcu *guarded;

	return rcu_dereference(guarded) ? 1 : 0;
}

static noinline __noclone int selfharm_stack_overflow_at(int depth);

/* By way of a variable, so that the compiler cannot make a loop of it. */
static int (*volatile deeper)(int depth) = selfharm_stack_overflow_at;

static noinline __noclone int selfharm_stack_overflow_at(int depth)
{
	volatile char room[256];

	room[depth & 255] = depth;
	return deeper(depth + 1) + room[0];
}

HARM(stack_overflow)
{
	return selfharm_stack_overflow_at(0);
}

HARM(double_fault)
{
#ifdef CONFIG_X86_64
	/* A fault that finds no stack to be handled on. */
	asm volatile("xorl %%esp, %%esp\n\tpushq %%rax" ::: "memory");
#endif
	return -ENODEV;
}

HARM(panic)
{
	panic("selfharm was asked for it");
	return 0;
}

static void selfharm_in_timer(struct timer_list *unused)
{
	*(volatile int *)READ_ONCE(nowhere) = 1;
}

static DEFINE_TIMER(timer, selfharm_in_timer);

HARM(panic_in_interrupt)
{
	mod_timer(&timer, jiffies + 1);
	msleep(1000);
	return 0;
}

HARM(reboot)
{
	emergency_restart();
	return 0;
}

HARM(power_off)
{
	kernel_power_off();
	return 0;
}

HARM(taint)
{
	/* As a driver's WARN() leaves it whose words are lost. */
	add_taint(TAINT_WARN, LOCKDEP_STILL_OK);
	return 0;
}

HARM(leak_slab)
{
	int i;

	for (i = 0; i < 64; i++)
		if (!kmalloc(4096, GFP_KERNEL))
			return -ENOMEM;
	return 0;
}

HARM(leak_vmalloc)
{
	return vmalloc(64 * PAGE_SIZE) ? 0 : -ENOMEM;
}

HARM(leak_pages)
{
	return alloc_pages(GFP_KERNEL, 6) ? 0 : -ENOMEM;
}

#define ENTRY(name) { #name, selfharm_##name }

static const struct {
	const char *name;
	int (*run)(void);
} harms[] = {
	ENTRY(null_deref), ENTRY(page_fault), ENTRY(general_protection), ENTRY(bug), ENTRY(warning), ENTRY(refcount),
	ENTRY(list_corruption), ENTRY(list_del), ENTRY(invalid_opcode), ENTRY(int3), ENTRY(usercopy), ENTRY(fortify),
	ENTRY(stack_smash), ENTRY(divide_error), ENTRY(schedule_in_atomic), ENTRY(sleep_in_atomic), ENTRY(lock_order),
	ENTRY(soft_lockup), ENTRY(rcu_stall), ENTRY(hung_task), ENTRY(silence), ENTRY(irq_nobody_cared), ENTRY(dma_api),
	ENTRY(page_allocation), ENTRY(bad_page), ENTRY(netdev_held), ENTRY(out_of_bounds), ENTRY(use_after_free),
	ENTRY(out_of_bounds_read), ENTRY(double_free), ENTRY(stack_out_of_bounds), ENTRY(global_out_of_bounds),
	ENTRY(vmalloc_out_of_bounds), ENTRY(uninitialised), ENTRY(data_race), ENTRY(shift), ENTRY(array_index),
	ENTRY(free_active), ENTRY(lock_unbalanced), ENTRY(lock_held), ENTRY(rcu_usage), ENTRY(stack_overflow),
	ENTRY(double_fault), ENTRY(panic), ENTRY(panic_in_interrupt), ENTRY(reboot), ENTRY(power_off), ENTRY(taint),
	ENTRY(leak_slab), ENTRY(leak_vmalloc), ENTRY(leak_pages),
};

/* For a copy of the module by another name: two modules cannot export the same. */
int harm_of_the_day(void);

int harm_of_the_day(void)
{
	return nothing;
}
EXPORT_SYMBOL_GPL(harm_of_the_day);

static int do_harm(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(harms); i++)
		if (sysfs_streq(name, harms[i].name))
			return harms[i].run();
	return -EINVAL;
}

static ssize_t selfharm_write(struct file *file, const char __user *user, size_t count, loff_t *offset)
{
	char name[32] = "";
	int error;

	if (count >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, user, count))
		return -EFAULT;
	error = do_harm(name);
	return error ? error : count;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.write = selfharm_write,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "selfharm",
	.fops = &operations,
};

static int __init selfharm_init(void)
{
	char name[32];
	int error = 0;

	if (leak) {
		snprintf(name, sizeof(name), "leak_%s", leak);
		error = do_harm(name);
	}
	if (!error && harm)
		error = do_harm(harm);
	return error ? error : misc_register(&device);
}

static void __exit selfharm_exit(void)
{
	misc_deregister(&device);
}

module_init(selfharm_init);
module_exit(selfharm_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Crashes, hangs, leaks and lockups on demand");
