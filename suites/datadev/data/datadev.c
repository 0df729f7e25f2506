/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of a datadev card do to /dev/datadev_0. Each word of the command line is a check of its own; results are KTAP lines,
 * and the exit code says whether all of them held. Nothing here waits for a time: it waits for events, looks again and again at what
 * nobody tells, and gives up after a minute of neither.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "abi.h"
#include "check.h"

#define NODE		"/dev/datadev_0"
#define PATIENCE	60000	/* ms without an event */
#define LOOK		10	/* ms between looks */
#define MOST_DESTS	64
#define MOST_AT_ONCE	64
#define LARGEST		(1 << 22)
#define PATTERN_STARTS	(1 << 14)

static long long frames_sent, bytes_sent;

static int node(void)
{
	int fd = open(NODE, O_RDWR);

	if (fd < 0)
		die("cannot open " NODE);
	return fd;
}

static int claim(int fd, int dest)
{
	unsigned char mask[DATADEV_MASK_BYTES];

	memset(mask, 0, sizeof(mask));
	mask[dest / 8] = 1 << dest % 8;
	return ioctl(fd, DATADEV_SET_MASK_BYTES, mask);
}

static int wait_for(int fd, int events)
{
	struct pollfd one = { fd, events, 0 };

	return poll(&one, 1, PATIENCE) == 1 && one.revents & events;
}

static double since(const struct timespec *began)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - began->tv_sec + (now.tv_nsec - began->tv_nsec) / 1e9;
}

/* Between two looks at what nobody tells; began is zero before the first. False when there were enough. */
static int again(struct timespec *began)
{
	if (!began->tv_sec)
		clock_gettime(CLOCK_MONOTONIC, began);
	poll(NULL, 0, LOOK);
	return since(began) < PATIENCE / 1000;
}

/* A frame says who it is in its first word; what follows begins at a place of the pattern that is its own, too. */
static unsigned key_of(unsigned dest, unsigned sequence)
{
	return dest * 2654435761u ^ sequence * 40503u ^ 0x5eed;
}

/* As much of the pattern as was asked for, made once. */
static const unsigned char *pattern(unsigned key, unsigned size)
{
	static unsigned *words, known;
	unsigned first = key >> 7 & (PATTERN_STARTS - 1), needed = first + size / 4 + 2;

	if (needed > known) {
		words = realloc(words, needed * sizeof(*words));
		if (!words)
			die("no memory for a pattern of %u words", needed);
		if (known == 0)
			words[known++] = 0x2545f491;
		for (; known < needed; known++)
			words[known] = words[known - 1] * 1664525u + 1013904223u;
	}
	return (unsigned char *)(words + first);
}

static void fill(unsigned char *data, unsigned size, unsigned dest, unsigned sequence)
{
	unsigned key = key_of(dest, sequence);

	memcpy(data, pattern(key, size), size);
	memcpy(data, &key, size < 4 ? size : 4);
}

/* The place of the first byte that is not the same, or -1. */
static int difference(const unsigned char *a, const unsigned char *b, unsigned from, unsigned size)
{
	const unsigned long long *x, *y;
	unsigned i = from;

	for (; i + 64 <= size; i += 64) {
		x = (const unsigned long long *)(a + i);
		y = (const unsigned long long *)(b + i);
		if ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]) | (x[5] ^ y[5]) | (x[6] ^ y[6]) | (x[7] ^ y[7]))
			break;
	}
	for (; i < size; i++)
		if (a[i] != b[i])
			return i;
	return -1;
}

/* The place of the first byte that is wrong, or -1. */
static int wrong(const unsigned char *data, unsigned size, unsigned dest, unsigned sequence)
{
	unsigned key = key_of(dest, sequence), in_key = size < 4 ? size : 4;
	int bad = difference(data, (unsigned char *)&key, 0, in_key);

	return bad >= 0 ? bad : difference(data, pattern(key, size), in_key, size);
}

struct job {
	int dests[MOST_DESTS], dest_count;
	unsigned frames, size, step, window, seconds;
	unsigned first, last;
	int index, bulk;
};

struct stream {
	int fd, dest;
	unsigned sent, received;
};

static void **buffers;
static int buffer_count, buffer_size;

static void map_buffers(int fd)
{
	int i;

	if (buffers)
		return;
	buffer_count = ioctl(fd, DATADEV_GET_BUFF_COUNT, 0);
	buffer_size = ioctl(fd, DATADEV_GET_BUFF_SIZE, 0);
	buffers = calloc(buffer_count, sizeof(void *));
	for (i = 0; i < buffer_count; i++) {
		buffers[i] = mmap(NULL, buffer_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)buffer_size * i);
		if (buffers[i] == MAP_FAILED)
			die("buffer %d cannot be mapped", i);
	}
}

/* A mapping keeps its file open. */
static void unmap_buffers(void)
{
	int i;

	for (i = 0; buffers && i < buffer_count; i++)
		munmap(buffers[i], buffer_size);
	free(buffers);
	buffers = NULL;
}

static unsigned size_of(const struct job *job, unsigned sequence)
{
	return job->size + job->step * (sequence % 7);
}

static int send_one(const struct job *job, struct stream *stream, unsigned char *room)
{
	struct datadev_write request;
	long ret;
	int index = 0;

	memset(&request, 0, sizeof(request));
	request.dest = stream->dest;
	request.flags = job->first | job->last << 8;
	request.size = size_of(job, stream->sent);
	if (job->index) {
		index = ioctl(stream->fd, DATADEV_GET_INDEX, 0);
		if (index < 0)
			return 0;
		room = buffers[index];
		request.index = index;
	} else {
		request.data = (unsigned long)room;
	}
	fill(room, request.size, stream->dest, stream->sent);
	ret = write(stream->fd, &request, sizeof(request));
	if (ret == 0)
		return 0;
	if (ret != request.size)
		die("dest %d frame %u: write gives %ld", stream->dest, stream->sent, ret);
	stream->sent++;
	frames_sent++;
	bytes_sent += request.size;
	return 1;
}

static void judge(const struct job *job, struct stream *stream, const struct datadev_read *got, const unsigned char *data)
{
	unsigned sequence = stream->received++;
	int bad;

	if (got->ret < 0 || got->error)
		die("dest %d frame %u: error %u, ret %d", stream->dest, sequence, got->error, got->ret);
	if (got->dest != (unsigned)stream->dest)
		die("dest %d frame %u came from dest %u", stream->dest, sequence, got->dest);
	if ((unsigned)got->ret != size_of(job, sequence))
		die("dest %d frame %u has %d bytes, not %u", stream->dest, sequence, got->ret, size_of(job, sequence));
	if ((got->flags & 0xFFFF) != (job->first | job->last << 8) || got->flags & DATADEV_FLAG_CONTINUE)
		die("dest %d frame %u has flags 0x%x", stream->dest, sequence, got->flags);
	bad = wrong(data, got->ret, stream->dest, sequence);
	if (bad >= 0)
		die("dest %d frame %u of %d bytes is wrong from byte %d on", stream->dest, sequence, got->ret, bad);
}

static int receive_some(const struct job *job, struct stream *stream, unsigned char *room, unsigned stride)
{
	struct datadev_read requests[MOST_AT_ONCE];
	unsigned indices[MOST_AT_ONCE];
	long got, i;

	memset(requests, 0, sizeof(requests[0]) * job->bulk);
	for (i = 0; i < job->bulk; i++) {
		requests[i].data = job->index ? 0 : (unsigned long)(room + i * stride);
		requests[i].size = stride;
	}
	got = read(stream->fd, requests, sizeof(requests[0]) * job->bulk);
	if (got < 0)
		die("dest %d: read fails", stream->dest);
	for (i = 0; i < got; i++) {
		judge(job, stream, &requests[i], job->index ? buffers[requests[i].index] : room + i * stride);
		indices[i] = requests[i].index;
	}
	if (job->index && got > 0 && ioctl(stream->fd, DATADEV_RET_INDEX | got << 16, indices))
		die("dest %d: %ld buffers cannot be given back", stream->dest, got);
	return got;
}

static void open_streams(const struct job *job, struct stream *streams)
{
	int i;

	for (i = 0; i < job->dest_count; i++) {
		streams[i].fd = node();
		streams[i].dest = job->dests[i];
		streams[i].sent = streams[i].received = 0;
		if (claim(streams[i].fd, job->dests[i]))
			die("dest %d cannot be had", job->dests[i]);
		if (job->index)
			map_buffers(streams[i].fd);
	}
}

/* Every frame that goes out comes back, once, in order, with every byte. */
static void loop(struct job *job)
{
	struct stream streams[MOST_DESTS];
	struct pollfd polls[MOST_DESTS];
	unsigned stride = job->size + job->step * 6, left = job->dest_count;
	unsigned char *out = malloc(stride + 4), *in = malloc((size_t)(stride + 4) * job->bulk);
	struct timespec began;
	double seconds;
	int i;

	open_streams(job, streams);
	clock_gettime(CLOCK_MONOTONIC, &began);
	while (left) {
		if (job->seconds && since(&began) > job->seconds) {
			for (job->frames = 0, i = 0; i < job->dest_count; i++)
				if (streams[i].sent > job->frames)
					job->frames = streams[i].sent;
			job->seconds = 0;
		}
		for (left = 0, i = 0; i < job->dest_count; i++) {
			struct stream *stream = &streams[i];

			while (stream->sent < job->frames && stream->sent - stream->received < job->window && send_one(job, stream, out))
				;
			while (receive_some(job, stream, in, (stride + 3) & ~3u) == job->bulk)
				;
			polls[i].fd = stream->fd;
			polls[i].events = POLLIN | (stream->sent < job->frames && stream->sent - stream->received < job->window ? POLLOUT : 0);
			left += stream->received < job->frames;
		}
		if (left && poll(polls, job->dest_count, PATIENCE) <= 0)
			die("no event in a minute: dest %d has sent %u and received %u of %u", streams[0].dest, streams[0].sent, streams[0].received, job->frames);
	}
	seconds = since(&began);
	printf("# %u frames of %u bytes on %d destinations: %.0f frames/s, %.2f MB/s\n", job->frames, job->size, job->dest_count,
	       job->frames * job->dest_count / seconds, (double)job->frames * job->dest_count * job->size / seconds / 1e6);
	unmap_buffers();
	for (i = 0; i < job->dest_count; i++)
		close(streams[i].fd);
	free(out);
	free(in);
}

static unsigned number(const char *text)
{
	char *end;
	unsigned value = strtoul(text, &end, 0);

	if (!*text || *end)
		die("'%s' is not a number", text);
	return value;
}

/* loop [frames=N or seconds=N] [size=N] [step=N] [window=N] [dests=A,B,..] [first=N] [last=N] [bulk=N] [index] [name=NAME] */
static void do_loop(int argc, char **argv)
{
	struct job job = { .dest_count = 1, .frames = 100, .size = 1000, .window = 8, .bulk = 1 };
	const char *name = "loopback";
	char *value, *dest;
	int i;

	for (i = 0; i < argc; i++) {
		value = strchr(argv[i], '=');
		if (!value) {
			if (strcmp(argv[i], "index"))
				die("what is '%s'?", argv[i]);
			job.index = 1;
			continue;
		}
		*value++ = 0;
		if (!strcmp(argv[i], "frames"))
			job.frames = number(value);
		else if (!strcmp(argv[i], "seconds"))
			job.frames = -1u, job.seconds = number(value);
		else if (!strcmp(argv[i], "size"))
			job.size = number(value);
		else if (!strcmp(argv[i], "step"))
			job.step = number(value);
		else if (!strcmp(argv[i], "window"))
			job.window = number(value);
		else if (!strcmp(argv[i], "first"))
			job.first = number(value);
		else if (!strcmp(argv[i], "last"))
			job.last = number(value);
		else if (!strcmp(argv[i], "bulk"))
			job.bulk = number(value);
		else if (!strcmp(argv[i], "name"))
			name = value;
		else if (!strcmp(argv[i], "dests"))
			for (job.dest_count = 0, dest = strtok(value, ","); dest && job.dest_count < MOST_DESTS; dest = strtok(NULL, ","))
				job.dests[job.dest_count++] = number(dest);
		else
			die("what is '%s'?", argv[i]);
	}
	if (job.bulk < 1 || job.bulk > MOST_AT_ONCE || job.size < 1 || job.size > LARGEST)
		die("sizes go to %d and bulk to %d", LARGEST, MOST_AT_ONCE);
	loop(&job);
	check(1, name, "");
}

/* Nothing is on its way: all that was sent is back, and the card has, or is to be given, every other buffer. */
static int at_rest(int fd)
{
	int tx = ioctl(fd, DATADEV_GET_TX_BUFF_COUNT, 0), rx = ioctl(fd, DATADEV_GET_RX_BUFF_COUNT, 0);
	struct timespec looking = { 0 };

	while (ioctl(fd, DATADEV_TX_IN_SW, 0) != tx || ioctl(fd, DATADEV_RX_IN_HW, 0) + ioctl(fd, DATADEV_RX_IN_PRE_HW, 0) != rx)
		if (!again(&looking))
			return 0;
	return 1;
}

/* No buffer is gone, and the card has as many as the driver says that it has. */
static void check_buffers(int fd, const char *name)
{
	int rests = at_rest(fd), rx = ioctl(fd, DATADEV_RX_IN_HW, 0), tx = ioctl(fd, DATADEV_TX_IN_HW, 0);
	long long held_rx = account("held-rx"), held_tx = account("held-tx");

	check(rests && rx == held_rx && tx == held_tx, name, "%s; the driver says the card has %d and %d, the card %lld and %lld", rests ? "all are there" : "not all are there",
	      rx, tx, held_rx, held_tx);
}

static void do_ioctl(void)
{
	struct datadev_register reg = { 0x10000, 0xC0FFEE };
	struct datadev_version version;
	char text[33];
	int fd = node(), tx = ioctl(fd, DATADEV_GET_TX_BUFF_COUNT, 0), rx = ioctl(fd, DATADEV_GET_RX_BUFF_COUNT, 0);
	int size = ioctl(fd, DATADEV_GET_BUFF_SIZE, 0), index, i;
	static const char *places[] = { "InUser", "InHW", "InPreHWQ", "InSWQ", "Miss" };
	unsigned back;

	check(ioctl(fd, DATADEV_GET_BUFF_COUNT, 0) == tx + rx, "Get_Buff_Count is the sum of both directions", "%d and %d", tx, rx);
	check(size >= 4096, "Get_Buff_Size", "%d", size);
	check(ioctl(fd, DATADEV_SET_DEBUG, 0) == 0, "Set_Debug", "");
	check(ioctl(fd, DATADEV_SET_MASK, 0) == 0, "Set_Mask of nothing claims nothing", "");
	index = ioctl(fd, DATADEV_GET_INDEX, 0);
	check(index >= 0 && index < tx && ioctl(fd, DATADEV_TX_IN_USER, 0) == 1, "Get_Index gives a buffer for sending", "%d", index);
	back = index;
	check(ioctl(fd, DATADEV_RET_INDEX | 1 << 16, &back) == 0 && ioctl(fd, DATADEV_TX_IN_USER, 0) == 0, "Ret_Index takes it back", "");
	check(ioctl(fd, DATADEV_READ_READY, 0) == 0, "Read_Ready of an empty queue", "");
	check(claim(fd, 0) == 0, "Set_MaskBytes", "");
	check(ioctl(fd, DATADEV_GET_VERSION, 0) == 6, "Get_Version", "");
	check(ioctl(fd, DATADEV_WRITE_REGISTER, &reg) == 0, "Write_Register", "");
	reg.data = 0;
	check(ioctl(fd, DATADEV_READ_REGISTER, &reg) == 0 && reg.data == 0xC0FFEE, "Read_Register gives what was written", "0x%x", reg.data);
	check(rx > 0, "Get_RxBuff_Count", "%d", rx);
	check(tx > 0, "Get_TxBuff_Count", "%d", tx);
	at_rest(fd);
	for (i = 0; i < 5; i++) {
		char name[64];
		int is = ioctl(fd, DATADEV_TX_IN_USER + i, 0);

		sprintf(name, "Get_TxBuff%s_Count at rest", places[i]);
		check(is == (i == 3 ? tx : 0), name, "%d", is);
	}
	for (i = 0; i < 5; i++) {
		char name[64];
		int is = ioctl(fd, DATADEV_RX_IN_USER + i, 0);

		sprintf(name, "Get_RxBuff%s_Count at rest", places[i]);
		check(i == 1 ? is > 0 : i == 2 ? is >= 0 : is == 0, name, "%d", is);
	}
	check_buffers(fd, "the card has the buffers that the driver says it has");
	memset(text, 0, sizeof(text));
	check(ioctl(fd, DATADEV_GET_GITV, text) == 0 && text[0], "Get_GITV", "'%s'", text);
	check(ioctl(fd, DATADEV_READ_ACK, 0) == 0, "AXIS_Read_Ack", "");
	check(ioctl(fd, DATADEV_WRITE_REQ_MISSED, 0) == 0, "AXIS_Write_ReqMissed of an idle card", "");
	memset(&version, 0xA5, sizeof(version));
	check(ioctl(fd, DATADEV_AVER_GET, &version) == 0 && version.firmware == 0x01000000 && memchr(version.build_string, 0, 256), "AVER_Get", "0x%x", version.firmware);
	check(ioctl(fd, DATADEV_GPU_IS_SUPPORTED, 0) == 0, "GPU_Is_Gpu_Async_Supp of a card without", "");
	check(ioctl(fd, 0x100E, 0) < 0 && ioctl(fd, 0x7777, 0) < 0, "unknown commands are refused", "");
	close(fd);
}

static void do_files(void)
{
	struct datadev_read requests[2];
	struct pollfd one;
	int fd = open(NODE, O_RDWR), other, size, count, i, mapped = 0;
	void *at;

	check(fd >= 0, "open", "");
	other = open(NODE, O_RDWR);
	check(other >= 0 && other != fd, "a second open", "");
	one.fd = fd;
	one.events = POLLIN | POLLOUT;
	check(poll(&one, 1, 0) == 1 && !(one.revents & POLLIN), "poll: nothing to read", "0x%x", one.revents);
	check(one.revents & POLLOUT, "poll: room to write", "0x%x", one.revents);
	size = ioctl(fd, DATADEV_GET_BUFF_SIZE, 0);
	count = ioctl(fd, DATADEV_GET_BUFF_COUNT, 0);
	for (i = 0; i < count; i++) {
		at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)size * i);
		if (at == MAP_FAILED)
			break;
		*(volatile int *)at = i;
		mapped += munmap(at, size) == 0;
	}
	check(mapped == count, "mmap and munmap of every buffer", "%d of %d", mapped, count);
	memset(requests, 0, sizeof(requests));
	check(read(fd, requests, sizeof(requests)) == 0, "read of nothing gives nothing", "");
	check(read(fd, requests, sizeof(requests[0]) - 1) < 0, "read of part of a request is refused", "");
	check(write(fd, requests, 31) < 0, "write of part of a request is refused", "");
	check(mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)size * count + 0xF000) == MAP_FAILED, "the engine's registers cannot be mapped", "");
	check(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)size * count + 0x1000000) == MAP_FAILED, "nothing after the BAR can be mapped", "");
	check(mmap(NULL, size + 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED, "no more than a buffer can be mapped", "");
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)size * count + 0x10000);
	check(at != MAP_FAILED, "user registers can be mapped", "");
	check(close(fd) == 0 && close(other) == 0, "close", "");
	fd = open(NODE, O_RDONLY);
	at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	check(at != MAP_FAILED, "who has it open to read maps a buffer to read", "");
	check(at == MAP_FAILED || (*(volatile int *)at, mprotect(at, size, PROT_READ | PROT_WRITE) < 0), "and cannot write it then", "");
	close(fd);
}

/* msix-table: where the card's table is among its registers, it is the kernel's: what is in it is where the card's messages go. */
static void do_msix_table(void)
{
	enum { TABLE = 0x38000 };
	int fd = node(), words = 0, maps = 0, i;
	off_t registers = (off_t)ioctl(fd, DATADEV_GET_BUFF_SIZE, 0) * ioctl(fd, DATADEV_GET_BUFF_COUNT, 0);
	struct datadev_register reg = { TABLE, 0 };

	check(ioctl(fd, DATADEV_READ_REGISTER, &reg) == 0 && reg.data >> 20 == 0xFEE, "it is where it should be", "0x%x", reg.data);
	for (i = 0; i < 4; i++) {
		reg.address = TABLE + 4 * i;
		reg.data = 0x1000;
		words += ioctl(fd, DATADEV_WRITE_REGISTER, &reg) < 0 && errno == EPERM;
	}
	check(words == 4, "no word of it can be written, by root either", "%d of 4", words);
	for (i = -1; i <= 0; i++)
		maps += mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, registers + TABLE + 4096 * i) == MAP_FAILED && errno == EPERM;
	maps += mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, registers + TABLE) == MAP_FAILED && errno == EPERM;
	check(maps == 3, "nor is it mapped, with what is around it either", "%d of 3", maps);
	reg.address = TABLE - 4;
	check(ioctl(fd, DATADEV_WRITE_REGISTER, &reg) == 0, "what is before it can be written", "");
	check(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, registers + TABLE - 4096) != MAP_FAILED, "and mapped", "");
	close(fd);
}

static void do_errors(void)
{
	struct datadev_write request;
	struct datadev_register reg = { 0xFFFC, 0 };
	unsigned indices[4096], bad = 99999;
	int fd = node(), other = node(), tx = ioctl(fd, DATADEV_GET_TX_BUFF_COUNT, 0), size = ioctl(fd, DATADEV_GET_BUFF_SIZE, 0), held;
	char *room = calloc(1, size + 1);

	for (held = 0; held < 4096; held++) {
		int index = ioctl(fd, DATADEV_GET_INDEX, 0);

		if (index < 0)
			break;
		indices[held] = index;
	}
	check(held == tx, "every buffer for sending can be held", "%d of %d", held, tx);
	check(ioctl(fd, DATADEV_GET_INDEX, 0) < 0, "and then there is none", "");
	check(ioctl(fd, DATADEV_TX_IN_USER, 0) == held, "TxBuffinUser says so", "");
	memset(&request, 0, sizeof(request));
	request.data = (unsigned long)room;
	request.size = 100;
	check(write(fd, &request, sizeof(request)) == 0, "write says there is no room", "");
	check(ioctl(other, DATADEV_RET_INDEX | 1 << 16, indices) == 0 && ioctl(fd, DATADEV_TX_IN_USER, 0) == held, "another file cannot give them back", "");
	check(ioctl(fd, DATADEV_RET_INDEX | held << 16, indices) == 0 && ioctl(fd, DATADEV_TX_IN_USER, 0) == 0, "all at once they go back", "");
	request.size = size + 1;
	check(write(fd, &request, sizeof(request)) < 0, "a frame larger than a buffer is refused", "");
	request.size = size;
	request.dest = 4096;
	check(write(fd, &request, sizeof(request)) < 0, "destination 4096 is refused", "");
	request.dest = 0;
	request.data = 8;
	check(write(fd, &request, sizeof(request)) < 0 && errno == EFAULT, "a bad pointer is EFAULT", "");
	request.data = 0;
	request.index = 0;
	check(write(fd, &request, sizeof(request)) < 0, "a buffer nobody holds cannot be sent", "");
	check(ioctl(fd, DATADEV_RET_INDEX | 1 << 16, &bad) < 0, "Ret_Index of no buffer is refused", "");
	check(ioctl(fd, DATADEV_READ_REGISTER, &reg) < 0, "the engine's registers cannot be read", "");
	reg.address = 0x1000000;
	check(ioctl(fd, DATADEV_READ_REGISTER, &reg) < 0, "nothing after the BAR can be read", "");
	reg.address = ~0ull - 2;
	check(ioctl(fd, DATADEV_WRITE_REGISTER, &reg) < 0, "an address that wraps is refused", "");
	check(claim(fd, 5) == 0 && claim(other, 5) < 0, "a destination has one owner", "");
	check(claim(fd, 6) < 0, "a file has one mask", "");
	close(fd);
	check(claim(other, 5) == 0, "closing frees the destination", "");
	check_buffers(other, "nothing is lost");
	close(other);
	free(room);
}

static void send_plain(int fd, unsigned dest, unsigned flags, unsigned size, unsigned sequence)
{
	struct datadev_write request;
	unsigned char *room = malloc(size + 4);

	fill(room, size, dest, sequence);
	memset(&request, 0, sizeof(request));
	request.data = (unsigned long)room;
	request.dest = dest;
	request.flags = flags;
	request.size = size;
	while (write(fd, &request, sizeof(request)) != (long)size)
		if (!wait_for(fd, POLLOUT))
			die("no room to write in a minute");
	free(room);
}

static int receive_plain(int fd, unsigned char *room, unsigned size, struct datadev_read *got)
{
	memset(got, 0, sizeof(*got));
	got->data = (unsigned long)room;
	got->size = size;
	if (!wait_for(fd, POLLIN))
		die("nothing to read in a minute");
	return read(fd, got, sizeof(*got));
}

/* pointers: those of a 32-bit program, whatever stands above their 32 bits. */
static void do_pointers(void)
{
	unsigned long long above = 0xDEADBEEFull << 32;
	unsigned char *room = mmap((void *)0x20000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct datadev_write request;
	struct datadev_read got;
	int fd = node();

	if (room == MAP_FAILED || (unsigned long)room >> 32)
		die("no memory below 4 GiB");
	claim(fd, 4);
	fill(room, 1000, 4, 1);
	memset(&request, 0, sizeof(request));
	request.data = above | (unsigned long)room;
	request.dest = 4;
	request.size = 1000;
	request.is32 = 1;
	check(write(fd, &request, sizeof(request)) == 1000, "a frame is sent from a pointer of 32 bits", "");
	memset(&got, 0, sizeof(got));
	got.data = above | (unsigned long)(room + 4096);
	got.size = 4096;
	got.is32 = 1;
	if (!wait_for(fd, POLLIN))
		die("nothing to read in a minute");
	check(read(fd, &got, sizeof(got)) == 1 && got.ret == 1000 && wrong(room + 4096, 1000, 4, 1) < 0, "and read to one", "%d bytes", got.ret);
	request.is32 = 0;
	check(write(fd, &request, sizeof(request)) < 0 && errno == EFAULT, "of 64 bits the same is no pointer to write from", "");
	send_plain(fd, 4, 0, 1000, 2);
	got.is32 = 0;
	got.size = 4096;
	if (!wait_for(fd, POLLIN))
		die("nothing to read in a minute");
	check(read(fd, &got, sizeof(got)) < 0 && errno == EFAULT, "nor to read to", "");
	close(fd);
	munmap(room, 8192);
}

static volatile sig_atomic_t signals;

static void count_signal(int which)
{
	signals++;
}

static void do_sigio(void)
{
	static const struct timespec patience = { PATIENCE / 1000, 0 };
	int fd = node();
	sigset_t io, old;

	claim(fd, 3);
	signal(SIGIO, count_signal);
	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	sigprocmask(SIG_BLOCK, &io, &old);
	fcntl(fd, F_SETOWN, getpid());
	check(fcntl(fd, F_SETFL, O_ASYNC) == 0, "O_ASYNC", "");
	send_plain(fd, 3, 0, 200, 0);
	while (!signals)
		if (ppoll(NULL, 0, &patience, &old) == 0)
			die("no signal in a minute");
	check(ioctl(fd, DATADEV_READ_READY, 0) == 1, "SIGIO comes when a frame is there", "");
	close(fd);
}

static void do_bulk(void)
{
	struct datadev_read got[20];
	unsigned char *room = malloc(20 * 4096);
	struct timespec looking = { 0 };
	int fd = node(), i, right = 0;

	claim(fd, 3);
	for (i = 0; i < 15; i++)
		send_plain(fd, 3, 0, 1000 + i, i);
	/* The last is here when all are; until then this reader leaves them. */
	while (ioctl(fd, DATADEV_RX_IN_SW, 0) < 15)
		if (!again(&looking))
			die("%d of 15 frames in a minute", ioctl(fd, DATADEV_RX_IN_SW, 0));
	memset(got, 0, sizeof(got));
	for (i = 0; i < 20; i++) {
		got[i].data = (unsigned long)(room + i * 4096);
		got[i].size = i == 7 ? 1000 : 4096;
	}
	check(read(fd, got, sizeof(got)) == 15, "one read takes all frames", "");
	for (i = 0; i < 15; i++)
		right += i == 7 ? got[i].ret == -1 && got[i].error & DATADEV_ERR_MAX : got[i].ret == 1000 + i && wrong(room + i * 4096, got[i].ret, 3, i) < 0;
	check(right == 15, "each in its own room, and the one that has too little says so", "%d of 15", right);
	close(fd);
	free(room);
}

static void do_flags(void)
{
	static const unsigned users[] = { 0x0000, 0xFF00, 0x00FF, 0xFFFF, 0x5AA5 };
	unsigned char room[4096];
	struct datadev_read got;
	int fd = node(), i, right = 0;

	claim(fd, 1);
	for (i = 0; i < 5; i++) {
		send_plain(fd, 1, users[i], 500, i);
		receive_plain(fd, room, sizeof(room), &got);
		right += got.ret == 500 && (got.flags & 0xFFFF) == users[i] && wrong(room, 500, 1, i) < 0;
	}
	check(right == 5, "first and last user come back", "%d of 5", right);
	close(fd);
}

/* Two writes with the continue bit between them are one frame; a frame longer than a buffer comes in parts that say they go on. */
static void do_continue(void)
{
	struct datadev_read got;
	unsigned char *room = malloc(1 << 20);
	int fd = node(), size = ioctl(fd, DATADEV_GET_BUFF_SIZE, 0), got_size = 0, parts = 0;

	claim(fd, 2);
	send_plain(fd, 2, 0x0011 | DATADEV_FLAG_CONTINUE, 4096, 1);
	send_plain(fd, 2, 0x2200, 1000, 2);
	receive_plain(fd, room, 1 << 20, &got);
	check(got.ret == 5096 && wrong(room, 4096, 2, 1) < 0 && wrong(room + 4096, 1000, 2, 2) < 0, "two writes make one frame", "%d bytes", got.ret);
	check((got.flags & 0x1FFFF) == 0x2211, "with the first's first user and the last's last", "0x%x", got.flags);
	send_plain(fd, 2, 0x0033 | DATADEV_FLAG_CONTINUE, size, 3);
	send_plain(fd, 2, 0x4400, size / 2, 4);
	do {
		receive_plain(fd, room + got_size, (1 << 20) - got_size, &got);
		if (got.ret < 0 || got.error)
			die("part %d: error %u", parts, got.error);
		got_size += got.ret;
		parts++;
	} while (got.flags & DATADEV_FLAG_CONTINUE);
	check(parts == 2 && got_size == size + size / 2, "a long frame comes in parts", "%d parts, %d bytes", parts, got_size);
	check(wrong(room, size, 2, 3) < 0 && wrong(room + size, size / 2, 2, 4) < 0, "of which no byte is missing", "");
	close(fd);
	free(room);
}

static void say_and_wait(const char *what)
{
	int c;

	printf("# %s\n", what);
	fflush(stdout);
	while ((c = getchar()) != EOF)
		;
}

/* hold DEST FRAMES: holds them unread until standard input ends, then reads them all. */
static void do_hold(int dest, int frames, unsigned size)
{
	unsigned char *room = malloc(LARGEST);
	struct datadev_read got;
	int fd = node(), i;

	if (claim(fd, dest))
		die("dest %d cannot be had", dest);
	for (i = 0; i < frames; i++)
		send_plain(fd, dest, 0, size, i);
	say_and_wait("holding");
	for (i = 0; i < frames; i++) {
		receive_plain(fd, room, LARGEST, &got);
		if (got.ret != (int)size || wrong(room, size, dest, i) >= 0)
			die("frame %d is wrong: %d bytes, error %u", i, got.ret, got.error);
	}
	check(1, "every frame is there", "");
	close(fd);
	free(room);
}

/* open: holds the node and a mapping of a buffer until the card goes away, then says what it is told. */
static void do_open(void)
{
	struct datadev_read got;
	int fd = node(), size = ioctl(fd, DATADEV_GET_BUFF_SIZE, 0);
	struct pollfd one = { fd, POLLIN, 0 };
	volatile int *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid_t child;
	int status;

	claim(fd, 0);
	if (at == MAP_FAILED)
		die("a buffer cannot be mapped");
	*at = 1;
	printf("# open\n");
	fflush(stdout);
	check(poll(&one, 1, PATIENCE) == 1 && one.revents & POLLHUP, "poll says that the card is gone", "0x%x", one.revents);
	memset(&got, 0, sizeof(got));
	check(read(fd, &got, sizeof(got)) < 0 && errno == ENODEV, "read says so", "");
	check(ioctl(fd, DATADEV_GET_BUFF_SIZE, 0) < 0 && errno == ENODEV, "ioctl says so", "");
	check(mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED, "mmap says so", "");
	child = fork();
	if (child == 0) {
		*at = 2;
		_exit(0);
	}
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS, "what was mapped is gone", "status 0x%x", status);
	check(close(fd) == 0, "close", "");
}

/* receive DEST FRAMES SIZE [held]: waits for pseudo-random frames of the card itself; held: reads none until standard input ends. */
static void do_receive(int dest, int frames, unsigned size, int held)
{
	unsigned *room = malloc(LARGEST), word, sequence = 0, k;
	unsigned char *bytes = (unsigned char *)room;
	struct datadev_read got;
	unsigned length;
	int fd = node(), i;

	if (claim(fd, dest))
		die("dest %d cannot be had", dest);
	if (held)
		say_and_wait("ready");
	else
		printf("# ready\n"), fflush(stdout);
	for (i = 0; i < frames; i++) {
		length = 0;
		do {
			receive_plain(fd, bytes + length, LARGEST - length, &got);
			if (got.ret <= 0 || got.error)
				die("frame %d: error %u, ret %d", i, got.error, got.ret);
			length += got.ret;
		} while (got.flags & DATADEV_FLAG_CONTINUE);
		if (length != size || room[1] != (size - 4) / 4)
			die("frame %d has %u bytes", i, length);
		if (i && room[0] != sequence + 1)
			die("frame %d has number %u after %u", i, room[0], sequence);
		for (word = sequence = room[0], k = 2; k < size / 4; k++) {
			word = word << 1 | ((word >> 1 ^ word >> 2 ^ word >> 6 ^ word >> 31) & 1);
			if (room[k] != word)
				die("frame %d is wrong from word %u on", i, k);
		}
	}
	check(1, "every frame of the card is right", "");
	close(fd);
	free(room);
}

#define MOST_GUARDED	4
#define GUARD		64

struct fuzz {
	int fd, size;
	unsigned char junk[1024] __attribute__((aligned(8)));
	unsigned char *room;		/* MOST_GUARDED times size and GUARD */
	unsigned char half_sent[8];	/* destinations whose frame goes on */
	unsigned mine;			/* the destination that it reads */
	int sent, received, odd, harmed;
};

static void fuzz_write(struct fuzz *fuzz)
{
	struct datadev_write *request = (struct datadev_write *)fuzz->junk;
	int kind = rand() % 4, length = rand() % 3 ? (int)sizeof(*request) : rand() % 64;
	long ret;

	if (kind < 3)
		request->data = kind ? (unsigned long)fuzz->room : 0, request->is32 = 0;
	request->size = rand() % (rand() % 4 ? 2000 : 2 * fuzz->size);
	request->dest = rand() % 2 ? fuzz->mine : rand() % 300;
	/* A frame that goes on keeps a buffer of the card; of all destinations at once, all of them. */
	if (request->dest >= sizeof(fuzz->half_sent))
		request->flags &= ~DATADEV_FLAG_CONTINUE;
	ret = write(fuzz->fd, request, length);
	if (ret == 0 || ret == -1)
		return;
	fuzz->sent++;
	fuzz->odd += length != sizeof(*request) || ret != request->size || request->size > (unsigned)fuzz->size;
	if (request->dest < sizeof(fuzz->half_sent))
		fuzz->half_sent[request->dest] = (request->flags & DATADEV_FLAG_CONTINUE) != 0;
}

/* Into room that ends where it was said to end. */
static void fuzz_guarded_read(struct fuzz *fuzz)
{
	struct datadev_read *requests = (struct datadev_read *)fuzz->junk;
	unsigned sizes[MOST_GUARDED];
	unsigned char guard[GUARD];
	int count = 1 + rand() % MOST_GUARDED, stride = fuzz->size + GUARD, i;
	long got;

	memset(guard, 0xA5, GUARD);
	for (i = 0; i < count; i++) {
		sizes[i] = rand() % (rand() % 4 ? 2000 : fuzz->size + 1);
		requests[i].data = (unsigned long)(fuzz->room + i * stride);
		requests[i].size = sizes[i];
		requests[i].is32 = 0;
		memcpy(fuzz->room + i * stride + sizes[i], guard, GUARD);
	}
	got = read(fuzz->fd, requests, sizeof(*requests) * count);
	fuzz->odd += got > count;
	for (i = 0; i < count; i++) {
		fuzz->harmed += memcmp(fuzz->room + i * stride + sizes[i], guard, GUARD) != 0;
		if (i >= got)
			continue;
		fuzz->received += requests[i].ret > 0;
		fuzz->odd += requests[i].ret == -1 ? requests[i].size <= sizes[i] : requests[i].ret != (int)requests[i].size || requests[i].size > sizes[i];
	}
}

/* To where nothing is, or for the buffer itself. */
static void fuzz_read(struct fuzz *fuzz)
{
	struct datadev_read *requests = (struct datadev_read *)fuzz->junk;
	int length = rand() % 3 ? (int)sizeof(*requests) : rand() % (int)sizeof(fuzz->junk), i;
	long got;

	for (i = 0; i < (int)(sizeof(fuzz->junk) / sizeof(*requests)); i++)
		requests[i].data = rand() % 4 ? 0 : requests[i].data | 0xF0000000; /* this program is far below */
	got = read(fuzz->fd, requests, length);
	fuzz->odd += length % sizeof(*requests) || length == 0 ? got != -1 : got > (int)(length / sizeof(*requests));
}

static void fuzz_ioctl(struct fuzz *fuzz)
{
	int kind = rand() % 3, code = kind == 0 ? 0x1001 + rand() % 0x20 : kind == 1 ? 0x8000 + rand() % 0x10 : rand() % 0x10000;

	ioctl(fuzz->fd, code | rand() % 3 << 16, rand() % 2 ? (unsigned long)fuzz->junk : (unsigned long)rand() | 0x70000000);
}

static void fuzz_mmap(struct fuzz *fuzz)
{
	int length = 4096u << rand() % 6;
	void *at = mmap(NULL, length, PROT_READ | PROT_WRITE, rand() % 2 ? MAP_SHARED : MAP_PRIVATE, fuzz->fd, (off_t)(rand() % 0x8000) << 12);

	if (at != MAP_FAILED)
		munmap(at, length);
}

/* fuzz SEED [CALLS [unmapped]]: whatever anybody may send, in so many calls; with nothing mapped, where a board has no BARs in user space. */
static void do_fuzz(unsigned seed, int calls, int maps)
{
	static struct fuzz fuzz;
	unsigned *words = (unsigned *)fuzz.junk;
	int i, j;

	memset(&fuzz, 0, sizeof(fuzz));
	fuzz.fd = node();
	fuzz.size = ioctl(fuzz.fd, DATADEV_GET_BUFF_SIZE, 0);
	fuzz.room = calloc(MOST_GUARDED, fuzz.size + GUARD);
	srand(seed);
	for (i = 0; i < calls; i++) {
		/* Small numbers are more often indices of buffers, others' among them. */
		for (j = 0; j < (int)(sizeof(fuzz.junk) / sizeof(*words)); j++)
			words[j] = i % 2 ? (unsigned)rand() % 160 : (unsigned)rand() << 1 ^ (unsigned)i >> 1;
		switch (rand() % 6) {
		case 0:
			fuzz_write(&fuzz);
			break;
		case 1:
			if (rand() % 2)
				fuzz_guarded_read(&fuzz);
			else
				fuzz_read(&fuzz);
			break;
		case 2:
			fuzz_ioctl(&fuzz);
			break;
		case 3:
			ioctl(fuzz.fd, DATADEV_RET_INDEX | (rand() % (rand() % 4 ? 64 : 300)) << 16, fuzz.junk);
			break;
		case 4:
			if (maps)
				fuzz_mmap(&fuzz);
			break;
		default:
			if (rand() % 20 == 0) {
				close(fuzz.fd);
				fuzz.fd = node();
				fuzz.mine = rand() % 8;
				claim(fuzz.fd, fuzz.mine);
			}
		}
	}
	close(fuzz.fd);
	fuzz.fd = node();
	for (i = 0; i < (int)sizeof(fuzz.half_sent); i++)
		if (fuzz.half_sent[i])
			send_plain(fuzz.fd, i, 0, 4, 0);
	check(fuzz.sent && fuzz.received, "calls with anything in them, frames among it", "%d sent, %d received", fuzz.sent, fuzz.received);
	check(fuzz.odd == 0, "each call does all that was asked for, or says that it does not", "%d of %d sent and %d received", fuzz.odd, fuzz.sent, fuzz.received);
	check(fuzz.harmed == 0, "nothing is written behind a reader's room", "%d times", fuzz.harmed);
	check_buffers(fuzz.fd, "no buffer is gone");
	printf("# %d frames sent, %d received\n", fuzz.sent, fuzz.received);
	close(fuzz.fd);
	free(fuzz.room);
}

/* once SIZE [ERROR [timeout]]: sends one frame and says how it comes back. */
static void do_once(unsigned size, int expect_error, unsigned expect_timeout)
{
	unsigned char *room = calloc(1, LARGEST);
	struct datadev_read got;
	int fd = node();

	claim(fd, 0);
	send_plain(fd, 0, 0, size, 1);
	receive_plain(fd, room, LARGEST, &got);
	printf("# ret %d size %u error %u flags 0x%x first wrong byte %d\n", got.ret, got.size, got.error, got.flags, wrong(room, size, 0, 1));
	check((int)got.error == expect_error, "the error that the card reports reaches the reader", "error %u, not %d", got.error, expect_error);
	if (!expect_error)
		check(got.ret == (int)size && wrong(room, size, 0, 1) < 0, "the frame is whole", "%d bytes, wrong from byte %d on", got.ret, wrong(room, size, 0, 1));
	check((got.flags & DATADEV_FLAG_TIMEOUT) == expect_timeout, expect_timeout ? "and that it gave up waiting" : "and no timeout where there was none", "flags 0x%x", got.flags);
	close(fd);
	free(room);
}

/* told TEXT: the kernel log has that, or gets it. */
static void do_told(const char *text)
{
	static char log[1 << 18];
	struct timespec looking = { 0 };
	int length;

	do {
		length = klogctl(3, log, sizeof(log) - 1); /* SYSLOG_ACTION_READ_ALL */
		if (length < 0)
			die("the kernel log cannot be read");
		log[length] = 0;
	} while (!strstr(log, text) && again(&looking));
	if (!strstr(log, text))
		die("the kernel log does not say '%s'", text);
	check(1, text, "");
}

/* The driver's count of that name in /proc. */
static long proc_count(const char *name)
{
	char line[256], known[64];
	long value = -1, number;
	FILE *proc = fopen("/proc/datadev_0", "r");

	while (value < 0 && proc && fgets(line, sizeof(line), proc))
		if (sscanf(line, " %63[^:]: %ld", known, &number) == 2 && strncmp(known, name, strlen(name)) == 0)
			value = number;
	if (value < 0)
		die("no %s in /proc/datadev_0", name);
	fclose(proc);
	return value;
}

/*
 * twice SIZE: a frame whose completion the card writes twice. The reader keeps the buffer until the driver has seen the second one: of a
 * buffer that the card has again, nobody could tell that it is not its own.
 */
static void do_twice(unsigned size)
{
	long before = proc_count("Bad Completions");
	struct datadev_read got;
	char refused[100];
	struct timespec looking = { 0 };
	int fd = node();

	claim(fd, 0);
	map_buffers(fd);
	send_plain(fd, 0, 0, size, 1);
	memset(&got, 0, sizeof(got));
	if (!wait_for(fd, POLLIN) || read(fd, &got, sizeof(got)) != 1)
		die("nothing to read in a minute");
	while (proc_count("Bad Completions") == before && again(&looking))
		;
	check(proc_count("Bad Completions") == before + 1, "the driver refuses the second completion", "%ld bad completions before, %ld now", before, proc_count("Bad Completions"));
	sprintf(refused, "the engine gave back buffer %u, which it does not have", got.index);
	do_told(refused);
	check(got.ret == (int)size && !got.error && wrong(buffers[got.index], size, 0, 1) < 0, "and gives its frame out once", "%d bytes, error %u", got.ret, got.error);
	if (ioctl(fd, DATADEV_RET_INDEX | 1 << 16, &got.index))
		die("the buffer cannot be given back");
	unmap_buffers();
	close(fd);
}

/* balanced: what the program sent, the card sent; and received, byte for byte; and nothing is left in it. */
static void do_balanced(void)
{
	long long tx = account("tx-frames"), rx = account("rx-frames"), tx_bytes = account("tx-bytes"), rx_bytes = account("rx-bytes");

	check(tx == frames_sent && rx == frames_sent, "the card counts as many frames", "%lld sent here, %lld and %lld there", frames_sent, tx, rx);
	check(tx_bytes == bytes_sent && rx_bytes == bytes_sent, "the card counts as many bytes", "%lld sent here, %lld and %lld there", bytes_sent, tx_bytes, rx_bytes);
	check(account("errors") == 0 && account("held-tx") == 0, "the card saw no error and gave every buffer back", "%lld errors, %lld held", account("errors"), account("held-tx"));
}

/* send SIZE: one frame, and nobody waits for it. */
static void do_send(unsigned size)
{
	int fd = node();

	send_plain(fd, 9, 0, size, 1);
	check(1, "a frame is sent", "");
	close(fd);
}

/* damaged SIZE: one frame, which must come back with a wrong byte in it. */
static void do_damaged(unsigned size)
{
	unsigned char *room = calloc(1, LARGEST);
	struct datadev_read got;
	int fd = node();

	claim(fd, 0);
	send_plain(fd, 0, 0, size, 1);
	receive_plain(fd, room, LARGEST, &got);
	check(got.ret == (int)size && wrong(room, size, 0, 1) >= 0, "a flipped bit is seen by who looks", "");
	close(fd);
	free(room);
}

/* cut: with cfgCont=0 a frame longer than a buffer is cut, and says so. */
static void do_cut(void)
{
	struct datadev_read got;
	unsigned char *room = malloc(LARGEST);
	int fd = node(), size = ioctl(fd, DATADEV_GET_BUFF_SIZE, 0);

	claim(fd, 2);
	send_plain(fd, 2, DATADEV_FLAG_CONTINUE, size, 1);
	send_plain(fd, 2, 0, 1000, 2);
	receive_plain(fd, room, LARGEST, &got);
	check(got.ret == size && got.error == DATADEV_ERR_MAX && !(got.flags & DATADEV_FLAG_CONTINUE), "a frame longer than a buffer is cut",
	      "%d bytes, error %u, flags 0x%x", got.ret, got.error, got.flags);
	check(wrong(room, size, 2, 1) < 0, "and what is left of it is right", "");
	send_plain(fd, 2, 0, 500, 3);
	receive_plain(fd, room, LARGEST, &got);
	check(got.ret == 500 && !got.error && wrong(room, 500, 2, 3) < 0, "the next one is whole", "%d bytes, error %u", got.ret, got.error);
	close(fd);
	free(room);
}

/* What is still gone a while after is lost. */
static void no_less(long before, const char *name)
{
	long more = meminfo_settled("Slab", 0, before + 1023) - before;

	check(more < 1024, name, "%ld KiB of slab are gone", more);
}

/* leaks: 20000 times what goes wrong, and what goes right. */
static void do_leaks(void)
{
	unsigned indices[64] = { 99999 };
	int fd = node(), i;
	long before;

	for (i = 0; i < 100; i++)
		close(node());
	before = meminfo("Slab");
	for (i = 0; i < 20000; i++)
		if (ioctl(fd, DATADEV_RET_INDEX | 64 << 16, indices) == 0)
			die("an index that is none is taken");
	no_less(before, "a wrong index given back leaves nothing behind");
	before = meminfo("Slab");
	for (i = 0; i < 20000; i++)
		close(node());
	no_less(before, "a file that was closed leaves nothing behind");
	close(fd);
}

/* nobody: from here on without privileges; but the card may still be asked for its account. */
static void do_nobody(void)
{
	const char *socket = getenv("UNDERSTUDY_SOCKET");

	chmod(socket ? socket : "/run/understudy.sock", 0777);
	check(setgid(65534) == 0 && setuid(65534) == 0, "from here on as nobody", "");
}

static int is(const char *word, const char *name)
{
	return !strcmp(word, name);
}

static int arg(int argc, char **argv, int at, int otherwise)
{
	return argc > at ? (int)number(argv[at]) : otherwise;
}

static void run(int argc, char **argv)
{
	const char *what = argv[0];

	if (is(what, "loop"))
		do_loop(argc - 1, argv + 1);
	else if (is(what, "balanced"))
		do_balanced();
	else if (is(what, "ioctl"))
		do_ioctl();
	else if (is(what, "files"))
		do_files();
	else if (is(what, "msix-table"))
		do_msix_table();
	else if (is(what, "errors"))
		do_errors();
	else if (is(what, "pointers"))
		do_pointers();
	else if (is(what, "sigio"))
		do_sigio();
	else if (is(what, "bulk"))
		do_bulk();
	else if (is(what, "flags"))
		do_flags();
	else if (is(what, "continue"))
		do_continue();
	else if (is(what, "cut"))
		do_cut();
	else if (is(what, "leaks"))
		do_leaks();
	else if (is(what, "hold"))
		do_hold(arg(argc, argv, 1, 0), arg(argc, argv, 2, 10), arg(argc, argv, 3, 1000));
	else if (is(what, "open"))
		do_open();
	else if (is(what, "receive"))
		do_receive(arg(argc, argv, 1, 0), arg(argc, argv, 2, 10), arg(argc, argv, 3, 1000), argc > 4);
	else if (is(what, "fuzz"))
		do_fuzz(arg(argc, argv, 1, 1), arg(argc, argv, 2, 20000), argc <= 3);
	else if (is(what, "once"))
		do_once(arg(argc, argv, 1, 1000), arg(argc, argv, 2, 0), argc > 3 ? DATADEV_FLAG_TIMEOUT : 0);
	else if (is(what, "told") && argc == 2)
		do_told(argv[1]);
	else if (is(what, "twice"))
		do_twice(arg(argc, argv, 1, 1000));
	else if (is(what, "send"))
		do_send(arg(argc, argv, 1, 1000));
	else if (is(what, "damaged"))
		do_damaged(arg(argc, argv, 1, 1000));
	else if (is(what, "order"))
		check(system(argv[1]) == 0, argv[1], "");
	else if (is(what, "nobody"))
		do_nobody();
	else
		die("there is no '%s'", what);
}

/* datadev CHECK [ARGUMENT...] [-- CHECK [ARGUMENT...]]... */
int main(int argc, char **argv)
{
	int first = 1, end;

	printf("KTAP version 1\n");
	for (; first < argc; first = end + 1) {
		for (end = first; end < argc && !is(argv[end], "--"); end++)
			;
		if (end > first)
			run(end - first, argv + first);
	}
	printf("1..%d\n", checks);
	return failures != 0;
}
