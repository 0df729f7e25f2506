// SPDX-License-Identifier: GPL-2.0-only
/* /dev/dittoN: what is written is copied by the card, and read back. */
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ditto.h"

struct ditto_file {
	struct ditto *card;
	struct mutex lock;
	void *copied;
	size_t bytes;
};

void ditto_release(struct kref *users)
{
	kfree(container_of(users, struct ditto, users));
}

static int ditto_open(struct inode *inode, struct file *file)
{
	struct ditto *card = container_of(file->private_data, struct ditto, misc);
	struct ditto_file *opened = kzalloc(sizeof(*opened), GFP_KERNEL);

	if (!opened)
		return -ENOMEM;
	mutex_init(&opened->lock);
	opened->card = card;
	if (!planted(PLANTED_OPEN_FILE))
		kref_get(&card->users);
	file->private_data = opened;
	return 0;
}

static int ditto_close(struct inode *inode, struct file *file)
{
	struct ditto_file *opened = file->private_data;

	if (!planted(PLANTED_OPEN_FILE))
		kref_put(&opened->card->users, ditto_release);
	kfree(opened->copied);
	kfree(opened);
	return 0;
}

static int ditto_copy_for_user(struct ditto *card, const void *from, void *to, size_t bytes)
{
	int error;

	if (mutex_lock_interruptible(&card->io))
		return -ERESTARTSYS;
	error = card->gone ? -ENODEV : card->broken ? -EIO : bytes > card->max_length ? -EMSGSIZE : ditto_copy(card, from, to, bytes);
	if (error == -ETIMEDOUT && planted(PLANTED_MUTEX_LEFT))
		return error;
	mutex_unlock(&card->io);
	return error;
}

static ssize_t ditto_write(struct file *file, const char __user *data, size_t bytes, loff_t *at)
{
	struct ditto_file *opened = file->private_data;
	void *from, *to;
	int error;

	if (!bytes)
		return 0;
	if (bytes > DITTO_MAX_LENGTH)
		return -EMSGSIZE;
	from = memdup_user(data, bytes);
	if (IS_ERR(from))
		return PTR_ERR(from);
	to = kzalloc(bytes, GFP_KERNEL);
	error = to ? ditto_copy_for_user(opened->card, from, to, bytes) : -ENOMEM;
	kfree(from);
	if (error) {
		kfree(to);
		return error;
	}
	mutex_lock(&opened->lock);
	kfree(opened->copied);
	opened->copied = to;
	opened->bytes = bytes;
	mutex_unlock(&opened->lock);
	*at = 0;
	return bytes;
}

static ssize_t ditto_read(struct file *file, char __user *data, size_t bytes, loff_t *at)
{
	struct ditto_file *opened = file->private_data;
	ssize_t read;

	mutex_lock(&opened->lock);
	read = simple_read_from_buffer(data, bytes, at, opened->copied, opened->bytes);
	mutex_unlock(&opened->lock);
	return read;
}

const struct file_operations ditto_fops = {
	.owner = THIS_MODULE,
	.open = ditto_open,
	.release = ditto_close,
	.read = ditto_read,
	.write = ditto_write,
	.llseek = noop_llseek,
};
