// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for NVIDIA's peer-to-peer interface, for machines without a GPU:
 * its memory is the machine's own. A program reserves a block of it through
 * /dev/nvidia_p2p_stub_mem (the node and numbers of SLAC's stub), maps that,
 * and gives a driver the address; the driver gets bus addresses at which its
 * card finds the block.
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "nv-p2p.h"

#define GPU_PAGE	0x10000
#define LARGEST_BLOCK	0x400000

struct reserve {
	__u32 size;
	__u32 id;	/* of the block; it is mapped at this page offset */
};

#define STUB_RESERVE_BUF	_IOWR('S', 1, struct reserve)

struct block {
	struct kref ref;
	struct list_head link;	/* of its file */
	struct list_head pins;
	struct page *pages;
	size_t size;
	u32 id;
};

/* Pages a driver has got. Once revoked, the callback has been called or is about to be. */
struct pin {
	struct kref ref;	/* the driver, and who calls back */
	struct nvidia_p2p_page_table table;
	struct list_head link;
	struct block *block;
	struct completion called;
	void (*callback)(void *data);
	void *data;
	bool revoked;
	struct nvidia_p2p_page pages[];
};

struct holder {
	struct list_head blocks;
};

static bool any_memory;
module_param(any_memory, bool, 0644);
MODULE_PARM_DESC(any_memory, "take memory that is none of ours, as SLAC's stub does: the card reaches a block nobody else has");

static DEFINE_MUTEX(lock);	/* blocks and pins */
static u32 last_id;

static void free_block(struct kref *ref)
{
	struct block *block = container_of(ref, struct block, ref);

	__free_pages(block->pages, get_order(block->size));
	kfree(block);
}

static void free_pin(struct kref *ref)
{
	struct pin *pin = container_of(ref, struct pin, ref);

	kref_put(&pin->block->ref, free_block);
	kfree(pin->table.pages);
	kfree(pin);
}

static struct pin *new_pin(struct block *block, size_t offset, u32 entries)
{
	struct pin *pin = kzalloc(struct_size(pin, pages, entries), GFP_KERNEL);
	u32 i;

	if (!pin)
		return NULL;
	pin->table.pages = kcalloc(entries, sizeof(*pin->table.pages), GFP_KERNEL);
	if (!pin->table.pages) {
		kfree(pin);
		return NULL;
	}
	for (i = 0; i < entries; i++) {
		pin->pages[i].physical_address = page_to_phys(block->pages) + offset + (u64)i * GPU_PAGE;
		pin->table.pages[i] = &pin->pages[i];
	}
	pin->table.version = NVIDIA_P2P_PAGE_TABLE_VERSION;
	pin->table.page_size = NVIDIA_P2P_PAGE_SIZE_64KB;
	pin->table.entries = entries;
	kref_init(&pin->ref);
	init_completion(&pin->called);
	kref_get(&block->ref);
	pin->block = block;
	list_add(&pin->link, &block->pins);
	return pin;
}

static struct block *new_block(u32 size)
{
	struct block *block = kzalloc(sizeof(*block), GFP_KERNEL);

	if (!block)
		return NULL;
	block->pages = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, get_order(size));
	if (!block->pages) {
		kfree(block);
		return NULL;
	}
	kref_init(&block->ref);
	INIT_LIST_HEAD(&block->pins);
	block->size = size;
	return block;
}

static const struct vm_operations_struct mapped = { };

/* The block that is mapped there, and how far into it; under mmap_lock. */
static struct block *block_at(unsigned long address, u64 length, size_t *offset)
{
	struct vm_area_struct *vma = find_vma(current->mm, address);
	struct block *block;

	if (!vma || vma->vm_start > address || vma->vm_ops != &mapped || length > vma->vm_end - address)
		return NULL;
	block = vma->vm_private_data;
	*offset = ((vma->vm_pgoff - block->id) << PAGE_SHIFT) + address - vma->vm_start;
	return *offset + length <= block->size ? block : NULL;
}

int nvidia_p2p_get_pages(uint64_t p2p_token, uint32_t va_space, uint64_t virtual_address, uint64_t length,
			 struct nvidia_p2p_page_table **page_table, void (*free_callback)(void *data), void *data)
{
	struct block *block, *own = NULL;
	struct pin *pin = NULL;
	size_t offset = 0;
	int ret = -EINVAL;

	if (!length || length > LARGEST_BLOCK || length % GPU_PAGE || virtual_address % GPU_PAGE || !free_callback || !current->mm)
		return -EINVAL;
	mmap_read_lock(current->mm);
	mutex_lock(&lock);
	block = block_at(virtual_address, length, &offset);
	if (!block && any_memory) {
		own = new_block(length);
		block = own;
		ret = -ENOMEM;
	}
	if (block) {
		pin = new_pin(block, offset, length / GPU_PAGE);
		ret = pin ? 0 : -ENOMEM;
	}
	if (pin) {
		pin->callback = free_callback;
		pin->data = data;
		*page_table = &pin->table;
	}
	if (own)
		kref_put(&own->ref, free_block);	/* the pin has it now */
	mutex_unlock(&lock);
	mmap_read_unlock(current->mm);
	return ret;
}
EXPORT_SYMBOL(nvidia_p2p_get_pages);

/* The driver wants no callback any more; false when one has been or is under way. */
static bool forget(struct pin *pin)
{
	bool revoked;

	mutex_lock(&lock);
	revoked = pin->revoked;
	if (!revoked)
		list_del(&pin->link);
	mutex_unlock(&lock);
	return !revoked;
}

int nvidia_p2p_put_pages(uint64_t p2p_token, uint32_t va_space, uint64_t virtual_address, struct nvidia_p2p_page_table *page_table)
{
	struct pin *pin = container_of(page_table, struct pin, table);

	if (!forget(pin))
		wait_for_completion(&pin->called);
	kref_put(&pin->ref, free_pin);
	return 0;
}
EXPORT_SYMBOL(nvidia_p2p_put_pages);

int nvidia_p2p_free_page_table(struct nvidia_p2p_page_table *page_table)
{
	struct pin *pin = container_of(page_table, struct pin, table);

	if (forget(pin))
		pr_notice_once("%s() is for the callback; what gives pages back is nvidia_p2p_put_pages()\n", __func__);
	kref_put(&pin->ref, free_pin);
	return 0;
}
EXPORT_SYMBOL(nvidia_p2p_free_page_table);

int nvidia_p2p_dma_map_pages(struct pci_dev *peer, struct nvidia_p2p_page_table *page_table, struct nvidia_p2p_dma_mapping **dma_mapping)
{
	struct pin *pin = container_of(page_table, struct pin, table);
	struct nvidia_p2p_dma_mapping *mapping = kzalloc(sizeof(*mapping), GFP_KERNEL);
	size_t length = (size_t)page_table->entries * GPU_PAGE;
	dma_addr_t dma;
	u32 i;

	if (!mapping)
		return -ENOMEM;
	mapping->dma_addresses = kcalloc(page_table->entries, sizeof(*mapping->dma_addresses), GFP_KERNEL);
	if (!mapping->dma_addresses) {
		kfree(mapping);
		return -ENOMEM;
	}
	/* Whole, as a GPU's window on the bus is; several drivers may have it, and the CPU's caches are no concern of theirs. */
	dma = dma_map_single_attrs(&peer->dev, phys_to_virt(pin->pages[0].physical_address), length, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
	if (dma_mapping_error(&peer->dev, dma)) {
		nvidia_p2p_free_dma_mapping(mapping);
		return -EIO;
	}
	for (i = 0; i < page_table->entries; i++)
		mapping->dma_addresses[i] = dma + (u64)i * GPU_PAGE;
	mapping->version = NVIDIA_P2P_DMA_MAPPING_VERSION;
	mapping->page_size_type = NVIDIA_P2P_PAGE_SIZE_64KB;
	mapping->entries = page_table->entries;
	mapping->pci_dev = peer;
	*dma_mapping = mapping;
	return 0;
}
EXPORT_SYMBOL(nvidia_p2p_dma_map_pages);

int nvidia_p2p_dma_unmap_pages(struct pci_dev *peer, struct nvidia_p2p_page_table *page_table, struct nvidia_p2p_dma_mapping *dma_mapping)
{
	dma_unmap_single_attrs(&peer->dev, dma_mapping->dma_addresses[0], (size_t)dma_mapping->entries * GPU_PAGE, DMA_BIDIRECTIONAL,
			       DMA_ATTR_SKIP_CPU_SYNC);
	return nvidia_p2p_free_dma_mapping(dma_mapping);
}
EXPORT_SYMBOL(nvidia_p2p_dma_unmap_pages);

int nvidia_p2p_free_dma_mapping(struct nvidia_p2p_dma_mapping *dma_mapping)
{
	kfree(dma_mapping->dma_addresses);
	kfree(dma_mapping);
	return 0;
}
EXPORT_SYMBOL(nvidia_p2p_free_dma_mapping);

static int standin_open(struct inode *inode, struct file *filp)
{
	struct holder *holder = kzalloc(sizeof(*holder), GFP_KERNEL);

	if (!holder)
		return -ENOMEM;
	INIT_LIST_HEAD(&holder->blocks);
	filp->private_data = holder;
	return 0;
}

/* Drivers that still have pages of it are told; the block is freed when the last has let go. */
static void revoke(struct block *block)
{
	struct pin *pin;

	mutex_lock(&lock);
	while ((pin = list_first_entry_or_null(&block->pins, struct pin, link))) {
		list_del(&pin->link);
		pin->revoked = true;
		kref_get(&pin->ref);
		mutex_unlock(&lock);
		pin->callback(pin->data);
		complete_all(&pin->called);
		kref_put(&pin->ref, free_pin);
		mutex_lock(&lock);
	}
	list_del(&block->link);
	kref_put(&block->ref, free_block);
	mutex_unlock(&lock);
}

/* A mapping holds its file: there is none any more. */
static int standin_release(struct inode *inode, struct file *filp)
{
	struct holder *holder = filp->private_data;
	struct block *block, *next;

	list_for_each_entry_safe(block, next, &holder->blocks, link)
		revoke(block);
	kfree(holder);
	return 0;
}

static struct block *reserve(struct holder *holder, u32 size)
{
	struct block *block = new_block(size);

	if (!block)
		return NULL;
	mutex_lock(&lock);
	block->id = ++last_id;
	list_add(&block->link, &holder->blocks);
	mutex_unlock(&lock);
	return block;
}

static long standin_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct reserve request;
	struct block *block;

	if (cmd != STUB_RESERVE_BUF)
		return -ENOTTY;
	if (copy_from_user(&request, (void __user *)arg, sizeof(request)))
		return -EFAULT;
	if (!request.size || request.size > LARGEST_BLOCK || request.size % PAGE_SIZE)
		return -EINVAL;
	block = reserve(filp->private_data, request.size);
	if (!block)
		return -ENOMEM;
	request.id = block->id;
	return copy_to_user((void __user *)arg, &request, sizeof(request)) ? -EFAULT : 0;
}

static int standin_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct holder *holder = filp->private_data;
	unsigned long length = vma->vm_end - vma->vm_start;
	struct block *block, *found = NULL;

	mutex_lock(&lock);
	list_for_each_entry(block, &holder->blocks, link)
		if (block->id == vma->vm_pgoff)
			found = block;
	mutex_unlock(&lock);
	if (!found || length > found->size || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vma->vm_private_data = found;
	vma->vm_ops = &mapped;
	return remap_pfn_range(vma, vma->vm_start, page_to_pfn(found->pages), length, vma->vm_page_prot);
}

static const struct file_operations standin_fops = {
	.owner = THIS_MODULE,
	.open = standin_open,
	.release = standin_release,
	.unlocked_ioctl = standin_ioctl,
	.mmap = standin_mmap,
};

static struct miscdevice standin = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "nvidia_p2p_stub_mem",
	.fops = &standin_fops,
	.mode = 0666,
};
module_misc_device(standin);

MODULE_DESCRIPTION("A stand-in for NVIDIA's peer-to-peer interface, without a GPU");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
