/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bugs planted in this driver, each of a class the kernel has had many times. The module parameter 'bug' chooses one by its number; with 0,
 * the default, the driver is what it should be. What each looks like from outside stands in suites/ditto/planted.
 */
#ifndef DITTO_PLANTED_H
#define DITTO_PLANTED_H

#include <linux/compiler.h>
#include <linux/types.h>

enum planted_bug {
	PLANTED_NOTHING,
	PLANTED_ENDLESS_RESET,		/* 1: waits for a bit without a limit */
	PLANTED_ENDLESS_INTERRUPT,	/* 2: all ones is not checked, and the handler loops */
	PLANTED_TAG_TRUSTED,		/* 3: an index from the card is used as it is */
	PLANTED_LENGTH_TRUSTED,		/* 4: so is a length */
	PLANTED_FREED_IN_INTERRUPT,	/* 5: use after free in the handler */
	PLANTED_DOUBLE_FREE,		/* 6: on the probe's error path */
	PLANTED_PROBE_LEAK,		/* 7: a failed probe forgets an allocation */
	PLANTED_MISSING_UNMAP,		/* 8: after a timeout */
	PLANTED_SLEEP_UNDER_LOCK,	/* 9: a spinlock is held over a sleep */
	PLANTED_REMOVE_RACE,		/* 10: work is cancelled before the interrupt that schedules it is freed */
	PLANTED_WORK_LEFT,		/* 11: delayed work is not cancelled */
	PLANTED_ENDIANNESS,		/* 12: a big-endian register is taken as it is */
	PLANTED_MISSING_BARRIER,	/* 13: the doorbell overtakes the command */
	PLANTED_OPEN_FILE,		/* 14: an open file holds no reference */
	PLANTED_SIZE_OVERFLOW,		/* 15: a size wraps */
	PLANTED_UNCHECKED_MAPPING,	/* 16: dma_mapping_error() is not asked */
	PLANTED_LATE_COMPLETION,	/* 17: a completion nobody waits for, or nobody any more */
	PLANTED_DIVIDE,			/* 18: a divisor from the card */
	PLANTED_WAIT_FOREVER,		/* 19: for an interrupt that was lost */
	PLANTED_SHIFT,			/* 20: a shift count from the card */
	PLANTED_TIMEOUT_LEAK,		/* 21: a timeout forgets its buffer */
	PLANTED_MUTEX_LEFT,		/* 22: an error path returns with it */
	PLANTED_IRQ_UNSAFE_LOCK,	/* 23: an error path takes the handler's lock with interrupts on */
	PLANTED_BUS_MASTER_LEFT,	/* 24: at remove */
	PLANTED_SLEEP_IN_INTERRUPT,	/* 25: the handler allocates with GFP_KERNEL */
	PLANTED_ENDLESS_RECOVERY,	/* 26: remove waits for a recovery that never succeeds */
	PLANTED_LABEL_OVERFLOW,		/* 27: a string from the card without an end */
	PLANTED_PROBE_LIES,		/* 28: a failed probe says that all is well */
	PLANTED_IRQ_LEFT,		/* 29: a failed probe does not free its interrupt */
	PLANTED_NO_RESET,		/* 30: what a failure leaves in the card is not put right by loading the driver anew */
};

extern int planted_bug;

static inline bool planted(enum planted_bug bug)
{
	return unlikely(READ_ONCE(planted_bug) == bug);
}

#endif
