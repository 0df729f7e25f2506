/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DITTO_H
#define DITTO_H

#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "planted.h"

#define DITTO_ID		0xd1770001
#define DITTO_MAX_RING_BITS	8
#define DITTO_MAX_LENGTH	(64 * 1024)

/* BAR 0 */
#define DITTO_REG_ID		0x00
#define DITTO_REG_CAPABILITIES	0x04
#define DITTO_REG_CONTROL	0x08
#define   DITTO_ENABLE		BIT(0)
#define   DITTO_RESET		BIT(1)
#define DITTO_REG_STATUS	0x0c
#define   DITTO_READY		BIT(0)
#define   DITTO_STOPPED		BIT(2)
#define DITTO_REG_INT_STATUS	0x10
#define DITTO_REG_INT_MASK	0x14
#define   DITTO_INT_DONE	BIT(0)
#define   DITTO_INT_ERROR	BIT(1)
#define   DITTO_INT_BUTTON	BIT(2)
#define   DITTO_INT_ALL		(DITTO_INT_DONE | DITTO_INT_ERROR | DITTO_INT_BUTTON)
#define DITTO_REG_COMMANDS	0x18
#define DITTO_REG_COMPLETIONS	0x20
#define DITTO_REG_RING_SIZE	0x28
#define DITTO_REG_DOORBELL	0x2c
#define DITTO_REG_SERIAL	0x30
#define DITTO_REG_PRESSES	0x34
#define DITTO_REG_NAME		0x40
#define DITTO_NAME_BYTES	32

struct ditto_command {
	__le64 source;
	__le64 destination;
	__le32 length;
	__le32 tag;
	__le64 reserved;
};

struct ditto_completion {
	__le32 tag;
	__le32 length;
	__le32 status;
	__le32 sequence;
};

/* One copy, from the doorbell until its waiter has gone. */
struct ditto_request {
	struct completion done;
	void *in, *out;
	dma_addr_t source, destination;
	u32 length, copied;
	int error;
};

struct ditto {
	struct kref users;
	struct pci_dev *pdev;
	void __iomem *regs;
	struct miscdevice misc;
	char label[DITTO_NAME_BYTES];
	u32 serial, max_length, tick_ns;

	/* One copy at a time, and nobody copies while the card is reset or once it is gone. */
	struct mutex io;
	bool gone, broken;

	/* The rings, shared with the interrupt handler. */
	spinlock_t lock;
	u32 ring_bits, entries, produced, consumed;
	struct ditto_command *commands;
	struct ditto_completion *completions;
	dma_addr_t commands_bus, completions_bus;
	struct ditto_request **requests;	/* by tag */

	struct work_struct button;
	unsigned int presses;
	struct delayed_work recovery;
	unsigned int attempts;
	bool recovering;
};

/* ditto_engine.c */
int ditto_reset(struct ditto *card);
int ditto_read_capabilities(struct ditto *card);
int ditto_alloc_rings(struct ditto *card);
void ditto_free_rings(struct ditto *card);
void ditto_start(struct ditto *card);
void ditto_stop(struct ditto *card);
int ditto_copy(struct ditto *card, const void *from, void *to, u32 length);
irqreturn_t ditto_interrupt(int irq, void *data);
void ditto_recover(struct work_struct *work);

/* ditto_file.c */
extern const struct file_operations ditto_fops;
void ditto_release(struct kref *users);

#endif
