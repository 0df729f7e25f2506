// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/datadev_N. The card may go away while files are open: every operation
 * is a reader of axisg2_srcu and looks whether the card is still there; the
 * removal sets gone, waits for the readers, and only then takes things away.
 */
#include <linux/compat.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include "axisg2.h"

#define MOST_READ	4096

static int axisg2_open(struct inode *inode, struct file *filp)
{
	struct axisg2_dev *dev = container_of(filp->private_data, struct axisg2_dev, misc);
	struct axisg2_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	file->dev = dev;
	file->mapping = filp->f_mapping;
	INIT_LIST_HEAD(&file->ready);
	init_waitqueue_head(&file->readable);
	kref_get(&dev->ref);
	mutex_lock(&dev->files_lock);
	list_add(&file->link, &dev->files);
	mutex_unlock(&dev->files_lock);
	filp->private_data = file;
	return 0;
}

/* What the file held goes back where it came from; under the device's lock. */
static void give_back(struct axisg2_dev *dev, struct axisg2_file *file)
{
	struct axisg2_buf *buf, *next;
	u32 i;

	for (i = 0; i < DATADEV_DESTS; i++)
		if (dev->owners[i] == file)
			dev->owners[i] = NULL;
	list_for_each_entry_safe(buf, next, &file->ready, link)
		axisg2_post_rx(dev, buf);
	for (i = 0; i < dev->rx.count; i++)
		if (dev->rx.bufs[i].place == IN_USER && dev->rx.bufs[i].owner == file)
			axisg2_post_rx(dev, &dev->rx.bufs[i]);
	for (i = 0; i < dev->tx.count; i++) {
		buf = &dev->tx.bufs[i];
		if (buf->place != IN_USER || buf->owner != file)
			continue;
		buf->owner = NULL;
		axisg2_move(&dev->tx, buf, IN_SW);
		list_add_tail(&buf->link, &dev->tx.free);
	}
}

static int axisg2_fasync(int fd, struct file *filp, int on)
{
	struct axisg2_file *file = filp->private_data;

	return fasync_helper(fd, filp, on, &file->async);
}

static int axisg2_release_file(struct inode *inode, struct file *filp)
{
	struct axisg2_file *file = filp->private_data;
	struct axisg2_dev *dev = file->dev;
	int srcu = srcu_read_lock(&axisg2_srcu);

	if (!READ_ONCE(dev->gone)) {
		spin_lock(&dev->lock);
		give_back(dev, file);
		spin_unlock(&dev->lock);
		wake_up_interruptible(&dev->writable);
		axisg2_gpu_release(file);
	}
	srcu_read_unlock(&axisg2_srcu, srcu);
	mutex_lock(&dev->files_lock);
	list_del(&file->link);
	mutex_unlock(&dev->files_lock);
	kref_put(&dev->ref, axisg2_release);
	if (!planted(BUG_QUEUE_LEFT))
		kfree(file);
	return 0;
}

static void __user *pointer(u64 data, u32 is32)
{
	return u64_to_user_ptr(is32 ? (u32)data : data);
}

/* By index a buffer is its reader's until that gives it back; to copy from, it is nobody's, and no index of it means anything. */
static struct axisg2_buf *take_ready(struct axisg2_file *file, bool by_index)
{
	struct axisg2_dev *dev = file->dev;
	struct axisg2_buf *buf;

	spin_lock(&dev->lock);
	buf = list_first_entry_or_null(&file->ready, struct axisg2_buf, link);
	if (buf) {
		axisg2_move(&dev->rx, buf, IN_USER);
		buf->owner = by_index ? file : NULL;
	}
	spin_unlock(&dev->lock);
	return buf;
}

static void return_rx(struct axisg2_dev *dev, struct axisg2_buf *buf)
{
	spin_lock(&dev->lock);
	axisg2_post_rx(dev, buf);
	spin_unlock(&dev->lock);
}

/* Fills one request from one buffer. An error of the device is told in the request; only a bad pointer is an error of the call. */
static int read_one(struct axisg2_dev *dev, struct datadev_read *request, struct axisg2_buf *buf)
{
	int ret = 0;

	request->dest = buf->dest;
	request->flags = buf->flags;
	request->index = buf->index;
	request->error = buf->error;
	request->ret = buf->size;
	if (request->data == 0) {
		request->size = buf->size;
		return 0;
	}
	if (request->size < buf->size) {
		request->error |= DATADEV_ERR_MAX;
		request->ret = -1;
	} else if (copy_to_user(pointer(request->data, request->is32), buf->cpu, buf->size)) {
		request->ret = -1;
		ret = -EFAULT;
	}
	request->size = buf->size;
	return_rx(dev, buf);
	return ret;
}

static ssize_t read_many(struct axisg2_file *file, char __user *to, size_t count)
{
	struct datadev_read request;
	struct axisg2_buf *buf;
	size_t done;
	int ret = 0;

	for (done = 0; done < count && !ret; done++, to += sizeof(request)) {
		if (copy_from_user(&request, to, sizeof(request)))
			return done ?: -EFAULT;
		buf = take_ready(file, request.data == 0);
		if (!buf)
			break;
		ret = read_one(file->dev, &request, buf);
		if (copy_to_user(to, &request, sizeof(request)))
			return done ?: -EFAULT;
	}
	return ret && done == 1 ? ret : done;
}

static ssize_t axisg2_read_file(struct file *filp, char __user *to, size_t length, loff_t *at)
{
	struct axisg2_file *file = filp->private_data;
	ssize_t ret = -EINVAL;
	int srcu;

	if (length == 0 || length % sizeof(struct datadev_read))
		return -EINVAL;
	srcu = srcu_read_lock(&axisg2_srcu);
	if (READ_ONCE(file->dev->gone))
		ret = -ENODEV;
	else if (length / sizeof(struct datadev_read) <= MOST_READ)
		ret = read_many(file, to, length / sizeof(struct datadev_read));
	srcu_read_unlock(&axisg2_srcu, srcu);
	return ret;
}

/* For a file that gets its index, or for nobody, to copy to. */
static struct axisg2_buf *take_free(struct axisg2_dev *dev, struct axisg2_file *owner)
{
	struct axisg2_buf *buf;

	spin_lock(&dev->lock);
	buf = list_first_entry_or_null(&dev->tx.free, struct axisg2_buf, link);
	if (buf) {
		axisg2_move(&dev->tx, buf, IN_USER);
		buf->owner = owner;
	}
	spin_unlock(&dev->lock);
	return buf;
}

static void put_free(struct axisg2_dev *dev, struct axisg2_buf *buf)
{
	spin_lock(&dev->lock);
	buf->owner = NULL;
	axisg2_move(&dev->tx, buf, IN_SW);
	list_add(&buf->link, &dev->tx.free);
	spin_unlock(&dev->lock);
	wake_up_interruptible(&dev->writable);
}

static int send(struct axisg2_dev *dev, struct axisg2_file *owner, struct axisg2_buf *buf, const struct datadev_write *request)
{
	int ret = 0;

	spin_lock(&dev->lock);
	if (buf->place == IN_USER && buf->owner == owner) {
		buf->dest = request->dest;
		buf->flags = request->flags;
		buf->size = request->size;
		axisg2_post_tx(dev, buf);
	} else {
		ret = -EINVAL; /* never was the file's, or another thread has sent it already */
	}
	spin_unlock(&dev->lock);
	return ret;
}

static int check_write(struct axisg2_dev *dev, const struct datadev_write *request)
{
	if (request->size == 0 || request->size > dev->size)
		return -EINVAL;
	return request->dest / 256 < dev->lanes || planted(BUG_DEST_WRAPS) ? 0 : -EINVAL;
}

static ssize_t write_one(struct axisg2_file *file, const struct datadev_write *request)
{
	struct axisg2_dev *dev = file->dev;
	struct axisg2_buf *buf;
	ssize_t ret;

	if (request->data == 0) {
		buf = axisg2_buf_of(&dev->tx, request->index);
		ret = buf ? send(dev, file, buf, request) : -EINVAL;
		return ret < 0 ? ret : (ssize_t)request->size;
	}
	buf = take_free(dev, NULL);
	if (!buf)
		return 0;
	if (copy_from_user(buf->cpu, pointer(request->data, request->is32), request->size)) {
		put_free(dev, buf);
		return -EFAULT;
	}
	ret = send(dev, NULL, buf, request);
	return ret < 0 ? ret : (ssize_t)request->size;
}

static ssize_t axisg2_write_file(struct file *filp, const char __user *from, size_t length, loff_t *at)
{
	struct axisg2_file *file = filp->private_data;
	struct datadev_write request;
	ssize_t ret;
	int srcu;

	if (length != sizeof(request))
		return -EINVAL;
	if (copy_from_user(&request, from, sizeof(request)))
		return -EFAULT;
	srcu = srcu_read_lock(&axisg2_srcu);
	ret = READ_ONCE(file->dev->gone) ? -ENODEV : check_write(file->dev, &request);
	if (!ret)
		ret = write_one(file, &request);
	srcu_read_unlock(&axisg2_srcu, srcu);
	return ret;
}

static __poll_t axisg2_poll(struct file *filp, poll_table *wait)
{
	struct axisg2_file *file = filp->private_data;
	struct axisg2_dev *dev = file->dev;
	__poll_t mask = 0;

	poll_wait(filp, &file->readable, wait);
	poll_wait(filp, &dev->writable, wait);
	if (READ_ONCE(dev->gone))
		return EPOLLERR | EPOLLHUP;
	spin_lock(&dev->lock);
	if (!list_empty(&file->ready))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!list_empty(&dev->tx.free))
		mask |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock(&dev->lock);
	return mask;
}

/* User space sees the buffers, one behind the other, and the card's registers behind them. */
static u64 registers_start(struct axisg2_dev *dev)
{
	return (u64)dev->size * (dev->tx.count + dev->rx.count);
}

static struct axisg2_buf *buffer_at(struct axisg2_dev *dev, u64 offset, u32 *within)
{
	u32 index = div_u64_rem(offset, dev->size, within);

	return axisg2_buf_of(index < dev->rx.first ? &dev->tx : &dev->rx, index);
}

static unsigned long pfn_at(struct axisg2_dev *dev, u64 offset)
{
	u32 within;
	void *at;

	if (offset >= registers_start(dev))
		return (pci_resource_start(dev->pdev, 0) + offset - registers_start(dev)) >> PAGE_SHIFT;
	at = buffer_at(dev, offset, &within)->cpu + within;
	return is_vmalloc_addr(at) ? vmalloc_to_pfn(at) : virt_to_phys(at) >> PAGE_SHIFT;
}

/*
 * Page by page, as they are touched: a mapping that is made while the card goes away is not yet to be found by who takes mappings away, and so
 * must not hold anything then.
 */
static vm_fault_t axisg2_fault(struct vm_fault *vmf)
{
	struct axisg2_dev *dev = vmf->vma->vm_private_data;
	int srcu = srcu_read_lock(&axisg2_srcu);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (!READ_ONCE(dev->gone))
		ret = vmf_insert_pfn(vmf->vma, vmf->address, pfn_at(dev, (u64)vmf->pgoff << PAGE_SHIFT));
	srcu_read_unlock(&axisg2_srcu, srcu);
	return ret;
}

static const struct vm_operations_struct axisg2_vm_ops = {
	.fault = axisg2_fault,
};

static int map_buffer(struct axisg2_dev *dev, struct vm_area_struct *vma, u64 offset)
{
	u32 within;

	if (!buffer_at(dev, offset, &within) || within || vma->vm_end - vma->vm_start > dev->size)
		return -EINVAL;
	if (dev->mode == MODE_COHERENT && !dev_is_dma_coherent(&dev->pdev->dev))
		vma->vm_page_prot = pgprot_dmacoherent(vma->vm_page_prot);
	return 0;
}

/* Who tells the GPU core addresses and sizes has it read and write any memory of the machine. The MSI-X table is nobody's but the kernel's. */
static bool may_write(struct axisg2_dev *dev, u64 start, u64 end)
{
	if (start < dev->msix_end && end > dev->msix_start)
		return false;
	return !dev->has_gpu_core || end <= AXISG2_GPU_CORE || start >= AXISG2_GPU_CORE_END || capable(CAP_SYS_RAWIO);
}

static int map_registers(struct axisg2_dev *dev, struct vm_area_struct *vma, u64 offset)
{
	unsigned long length = vma->vm_end - vma->vm_start;

	if (offset < AXISG2_USER_START)
		return -EINVAL;
	if (!planted(BUG_BEYOND_BAR) && (offset > dev->bar_len || length > dev->bar_len - offset))
		return -EINVAL;
	if (!may_write(dev, offset, offset + length))
		return -EPERM;
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return 0;
}

static void set_flags(struct vm_area_struct *vma, unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

static int axisg2_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct axisg2_file *file = filp->private_data;
	struct axisg2_dev *dev = file->dev;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 registers = registers_start(dev);
	int srcu = srcu_read_lock(&axisg2_srcu);
	int ret;

	if (READ_ONCE(dev->gone))
		ret = -ENODEV;
	else if (!(vma->vm_flags & VM_MAYSHARE))
		ret = -EINVAL; /* a private copy of a buffer is never what was meant */
	else
		ret = offset < registers ? map_buffer(dev, vma, offset) : map_registers(dev, vma, offset - registers);
	srcu_read_unlock(&axisg2_srcu, srcu);
	if (ret)
		return ret;
	vma->vm_private_data = dev;
	vma->vm_ops = &axisg2_vm_ops;
	set_flags(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	return 0;
}

/* The card goes away: what user space has mapped of it must go first. */
void axisg2_zap(struct axisg2_dev *dev)
{
	struct axisg2_file *file;

	mutex_lock(&dev->files_lock);
	list_for_each_entry(file, &dev->files, link) {
		unmap_mapping_range(file->mapping, 0, 0, 1);
		wake_up_all(&file->readable);
		kill_fasync(&file->async, SIGIO, POLL_HUP);
	}
	mutex_unlock(&dev->files_lock);
	wake_up_all(&dev->writable);
}

static long set_mask(struct axisg2_file *file, const u8 *mask)
{
	struct axisg2_dev *dev = file->dev;
	bool any = false;
	long ret = 0;
	u32 i;

	spin_lock(&dev->lock);
	for (i = 0; i < DATADEV_DESTS && !ret; i++) {
		if (!(mask[i / 8] & BIT(i % 8)))
			continue;
		any = true;
		if (dev->owners[i] || file->has_mask)
			ret = -EBUSY;
	}
	for (i = 0; i < DATADEV_DESTS && !ret; i++)
		if (mask[i / 8] & BIT(i % 8))
			dev->owners[i] = file;
	if (any && !ret)
		file->has_mask = true;
	spin_unlock(&dev->lock);
	return ret;
}

static long set_mask_word(struct axisg2_file *file, u32 bits)
{
	u8 *mask = kzalloc(DATADEV_MASK_BYTES, GFP_KERNEL);
	long ret;
	int i;

	if (!mask)
		return -ENOMEM;
	for (i = 0; i < 4; i++)
		mask[i] = bits >> (8 * i);
	ret = set_mask(file, mask);
	kfree(mask);
	return ret;
}

static long set_mask_bytes(struct axisg2_file *file, const void __user *arg)
{
	u8 *mask = memdup_user(arg, DATADEV_MASK_BYTES);
	long ret;

	if (IS_ERR(mask))
		return PTR_ERR(mask);
	ret = set_mask(file, mask);
	kfree(mask);
	return ret;
}

static long return_index(struct axisg2_file *file, u32 index)
{
	struct axisg2_dev *dev = file->dev;
	struct axisg2_buf *rx = axisg2_buf_of(&dev->rx, index);
	struct axisg2_buf *tx = axisg2_buf_of(&dev->tx, index);
	struct axisg2_buf *buf = rx ?: tx;

	if (!buf)
		return -EINVAL;
	spin_lock(&dev->lock);
	if (buf->place == IN_USER && buf->owner == file) {
		if (rx) {
			axisg2_post_rx(dev, buf);
		} else {
			buf->owner = NULL;
			axisg2_move(&dev->tx, buf, IN_SW);
			list_add_tail(&buf->link, &dev->tx.free);
		}
	}
	spin_unlock(&dev->lock);
	if (tx)
		wake_up_interruptible(&dev->writable);
	return 0;
}

/* Nobody's list was ever longer. */
static long return_short_list(struct axisg2_file *file, u32 count, const u32 __user *arg)
{
	u32 list[64], at;
	long ret = 0;

	if (copy_from_user(list, arg, count * sizeof(*list)))
		return -EFAULT;
	for (at = 0; at < count && !ret; at++)
		ret = return_index(file, list[at]);
	return ret;
}

static long return_indices(struct axisg2_file *file, u32 count, const u32 __user *arg)
{
	u32 index, at;
	long ret = 0;

	if (planted(BUG_LIST_ON_STACK))
		return return_short_list(file, count, arg);
	if (count > file->dev->tx.count + file->dev->rx.count)
		return -EINVAL;
	for (at = 0; at < count && !ret; at++) {
		if (get_user(index, arg + at))
			return -EFAULT;
		ret = return_index(file, index);
	}
	if (ret && planted(BUG_INDICES_LEFT))
		kmalloc_array(count, sizeof(index), GFP_KERNEL);
	return ret;
}

static long get_index(struct axisg2_file *file)
{
	struct axisg2_buf *buf = take_free(file->dev, file);

	return buf ? buf->index : -EAGAIN;
}

static long access_register(struct axisg2_dev *dev, bool write, void __user *arg)
{
	struct datadev_register request;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	if (request.address < AXISG2_USER_START || request.address > dev->bar_len - 4 || request.address % 4)
		return -EINVAL;
	if (write) {
		if (!may_write(dev, request.address, request.address + 4))
			return -EPERM;
		axisg2_write(dev, request.address, request.data);
		return 0;
	}
	request.data = axisg2_read(dev, request.address);
	return copy_to_user(arg, &request, sizeof(request)) ? -EFAULT : 0;
}

static long get_version(struct axisg2_dev *dev, void __user *arg)
{
	struct datadev_version *version = kzalloc(sizeof(*version), GFP_KERNEL);
	long ret;

	if (!version)
		return -ENOMEM;
	axisg2_read_version(dev, version);
	ret = copy_to_user(arg, version, sizeof(*version)) ? -EFAULT : 0;
	kfree(version);
	return ret;
}

static long count_in(struct axisg2_dev *dev, struct axisg2_pool *pool, u32 which)
{
	static const enum axisg2_place places[] = { IN_USER, IN_HW, IN_PRE_HW, IN_SW, LOST };
	long count;

	spin_lock(&dev->lock);
	count = pool->places[places[which]];
	spin_unlock(&dev->lock);
	return count;
}

static long is_ready(struct axisg2_file *file)
{
	long ready;

	spin_lock(&file->dev->lock);
	ready = !list_empty(&file->ready);
	spin_unlock(&file->dev->lock);
	return ready;
}

static long missed(struct axisg2_dev *dev)
{
	return min_t(u32, axisg2_read(dev, REG_WR_REQ_MISSED), INT_MAX);
}

static long command(struct axisg2_file *file, unsigned int cmd, unsigned long arg, void __user *user)
{
	struct axisg2_dev *dev = file->dev;
	u32 code = cmd & 0xFFFF;

	if (code == DATADEV_RET_INDEX)
		return return_indices(file, cmd >> 16, user);
	if (code >= DATADEV_TX_IN_USER && code <= DATADEV_TX_MISS)
		return count_in(dev, &dev->tx, code - DATADEV_TX_IN_USER);
	if (code >= DATADEV_RX_IN_USER && code <= DATADEV_RX_MISS)
		return count_in(dev, &dev->rx, code - DATADEV_RX_IN_USER);
	switch (code) {
	case DATADEV_GET_BUFF_COUNT:
		return dev->tx.count + dev->rx.count;
	case DATADEV_GET_BUFF_SIZE:
		return dev->size;
	case DATADEV_GET_RX_BUFF_COUNT:
		return dev->rx.count;
	case DATADEV_GET_TX_BUFF_COUNT:
		return dev->tx.count;
	case DATADEV_SET_DEBUG:
		WRITE_ONCE(dev->debug, arg);
		return 0;
	case DATADEV_SET_MASK:
		return set_mask_word(file, arg);
	case DATADEV_SET_MASK_BYTES:
		return set_mask_bytes(file, user);
	case DATADEV_GET_INDEX:
		return get_index(file);
	case DATADEV_READ_READY:
		return is_ready(file);
	case DATADEV_GET_VERSION:
		return DATADEV_API_VERSION;
	case DATADEV_WRITE_REGISTER:
		return access_register(dev, true, user);
	case DATADEV_READ_REGISTER:
		return access_register(dev, false, user);
	case DATADEV_GET_GITV:
		return copy_to_user(user, "axisg2-1.0", sizeof("axisg2-1.0")) ? -EFAULT : 0;
	case DATADEV_AVER_GET:
		return get_version(dev, user);
	case DATADEV_READ_ACK:
		axisg2_write(dev, REG_ACKNOWLEDGE, 1);
		return 0;
	case DATADEV_WRITE_REQ_MISSED:
		if (planted(BUG_WRONG_NUMBER))
			axisg2_write(dev, REG_ACKNOWLEDGE, 1);
		return missed(dev);
	case DATADEV_GPU_ADD_MEMORY ... DATADEV_GPU_GET_MAX_BUFFERS:
		return axisg2_gpu_command(file, code, user);
	default:
		return -ENOTTY;
	}
}

static long axisg2_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct axisg2_file *file = filp->private_data;
	int srcu = srcu_read_lock(&axisg2_srcu);
	long ret = READ_ONCE(file->dev->gone) ? -ENODEV : command(file, cmd, arg, (void __user *)arg);

	srcu_read_unlock(&axisg2_srcu, srcu);
	return ret;
}

#ifdef CONFIG_COMPAT
static long axisg2_compat_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct axisg2_file *file = filp->private_data;
	int srcu = srcu_read_lock(&axisg2_srcu);
	long ret = READ_ONCE(file->dev->gone) ? -ENODEV : command(file, cmd, arg, compat_ptr(arg));

	srcu_read_unlock(&axisg2_srcu, srcu);
	return ret;
}
#endif

const struct file_operations axisg2_fops = {
	.owner = THIS_MODULE,
	.open = axisg2_open,
	.release = axisg2_release_file,
	.read = axisg2_read_file,
	.write = axisg2_write_file,
	.poll = axisg2_poll,
	.fasync = axisg2_fasync,
	.mmap = axisg2_mmap,
	.unlocked_ioctl = axisg2_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = axisg2_compat_ioctl,
#endif
};
