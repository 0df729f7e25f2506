/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bugs that drivers for this card have had, and one that only somebody hostile
 * meets. They are there only in a build with -DAXISG2_PLANTED, those below
 * drivers/planted, where the module parameter plant chooses one by its number,
 * to show that a test names it. In any other build planted() is false, and
 * nothing of them is left.
 */
#ifndef AXISG2_PLANTED_H
#define AXISG2_PLANTED_H

#include <linux/types.h>

enum axisg2_bug {
	NO_BUG,
	BUG_PAGE_POINTER,	/* 1: a streaming buffer's struct page is taken for its address */
	BUG_CONTINUE_LOST,	/* 2: the continue bit does not go into the descriptor */
	BUG_INDICES_LEFT,	/* 3: Ret_Index of a wrong index forgets its list */
	BUG_QUEUE_LEFT,		/* 4: close forgets the file's queue */
	BUG_BEYOND_BAR,		/* 5: a register mapping has no upper end */
	BUG_CREDIT_LOST,	/* 6: a buffer goes back without a credit to its group */
	BUG_CONT_IGNORED,	/* 7: cfgCont is not looked at */
	BUG_WRONG_NUMBER,	/* 8: Write_ReqMissed does what Read_Ack does */
	BUG_STRING_OPEN,	/* 9: a build string without an end is given none */
	BUG_DEST_WRAPS,		/* 10: a destination beyond the last is taken modulo 4096 */
	BUG_FREE_FIRST,		/* 11: memory is freed before the engine is disabled */
	BUG_FILES_FORGOTTEN,	/* 12: removal does not wait for who is inside */
	BUG_GPU_KNOWN,		/* 13: the GPU core goes on knowing memory that it was taken */
	BUG_LIST_ON_STACK,	/* 14: Ret_Index takes a list onto the stack, however long it is */
};

#ifdef AXISG2_PLANTED
extern int axisg2_plant;

static inline bool planted(enum axisg2_bug bug)
{
	return READ_ONCE(axisg2_plant) == bug;
}
#else
static inline bool planted(enum axisg2_bug bug)
{
	return false;
}
#endif

#endif
