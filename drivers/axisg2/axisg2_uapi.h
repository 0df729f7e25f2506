/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What user space and the driver say to each other over /dev/datadev_N: the
 * numbers and layouts of SLAC's data drivers, API version 6.
 */
#ifndef AXISG2_UAPI_H
#define AXISG2_UAPI_H

#include <linux/types.h>

#define DATADEV_API_VERSION	6
#define DATADEV_MASK_BYTES	512
#define DATADEV_DESTS		(DATADEV_MASK_BYTES * 8)

/* struct datadev_read, error */
#define DATADEV_ERR_FIFO	0x01
#define DATADEV_ERR_LEN		0x02
#define DATADEV_ERR_MAX		0x04
#define DATADEV_ERR_BUS		0x08

/* flags of both directions: first user 7:0, last user 15:8 */
#define DATADEV_FLAG_CONTINUE	(1u << 16)
#define DATADEV_FLAG_TIMEOUT	(1u << 17)

struct datadev_write {
	__aligned_u64 data;	/* 0: the buffer of index, which the caller holds */
	__u32 dest;
	__u32 flags;
	__u32 index;
	__u32 size;
	__u32 is32;	/* data is a 32-bit pointer */
	__u32 pad;
};

struct datadev_read {
	__aligned_u64 data;	/* 0: the caller gets the buffer itself, by index */
	__u32 dest;
	__u32 flags;
	__u32 index;
	__u32 error;
	__u32 size;	/* room on the way in, bytes on the way out */
	__u32 is32;
	__s32 ret;	/* bytes, or -1 */
};

struct datadev_register {
	__aligned_u64 address;	/* in BAR 0 */
	__u32 data;
};

struct datadev_version {
	__u32 firmware;
	__u32 scratch_pad;
	__u32 up_time;
	__u8 fd_value[8];
	__u32 user_values[64];
	__u32 device_id;
	__u8 git_hash[160];
	__u8 dna_value[16];
	__u8 build_string[256];
};

struct datadev_gpu_memory {
	__u32 write;	/* the card writes it, else reads */
	__aligned_u64 address;	/* of the GPU's memory, as its user has it */
	__u32 size;	/* a multiple of 64 KiB */
};

/* ioctl commands: the low 16 bits choose, DATADEV_RET_INDEX has a count above */
#define DATADEV_GET_BUFF_COUNT		0x1001
#define DATADEV_GET_BUFF_SIZE		0x1002
#define DATADEV_SET_DEBUG		0x1003
#define DATADEV_SET_MASK		0x1004
#define DATADEV_RET_INDEX		0x1005
#define DATADEV_GET_INDEX		0x1006
#define DATADEV_READ_READY		0x1007
#define DATADEV_SET_MASK_BYTES		0x1008
#define DATADEV_GET_VERSION		0x1009
#define DATADEV_WRITE_REGISTER		0x100A
#define DATADEV_READ_REGISTER		0x100B
#define DATADEV_GET_RX_BUFF_COUNT	0x100C
#define DATADEV_GET_TX_BUFF_COUNT	0x100D
#define DATADEV_TX_IN_USER		0x100F
#define DATADEV_TX_IN_HW		0x1010
#define DATADEV_TX_IN_PRE_HW		0x1011
#define DATADEV_TX_IN_SW		0x1012
#define DATADEV_TX_MISS			0x1013
#define DATADEV_RX_IN_USER		0x1014
#define DATADEV_RX_IN_HW		0x1015
#define DATADEV_RX_IN_PRE_HW		0x1016
#define DATADEV_RX_IN_SW		0x1017
#define DATADEV_RX_MISS			0x1018
#define DATADEV_GET_GITV		0x1019
#define DATADEV_AVER_GET		0x1200
#define DATADEV_READ_ACK		0x2001
#define DATADEV_WRITE_REQ_MISSED	0x2002
#define DATADEV_GPU_ADD_MEMORY		0x8002
#define DATADEV_GPU_REM_MEMORY		0x8003
#define DATADEV_GPU_SET_WRITE_ENABLE	0x8004
#define DATADEV_GPU_IS_SUPPORTED	0x8005
#define DATADEV_GPU_GET_VERSION		0x8006
#define DATADEV_GPU_GET_MAX_BUFFERS	0x8007

#endif
