/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the card's GPU core do: give it memory, ring for it in its registers, and look at every byte that comes and goes. Memory
 * of a GPU is what /dev/nvidia_p2p_stub_mem gives. Results are KTAP lines. It waits for what the card writes, and gives up after a minute.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../../datadev/data/check.h"

#define GET_BUFF_COUNT	0x1001
#define GET_BUFF_SIZE	0x1002
#define WRITE_REGISTER	0x100A
#define READ_REGISTER	0x100B
#define GPU_ADD		0x8002
#define GPU_REM		0x8003
#define GPU_SET_WRITE	0x8004
#define GPU_SUPPORTED	0x8005
#define GPU_VERSION	0x8006
#define GPU_MAX_BUFFERS	0x8007
#define STUB_RESERVE	0xC0085301

#define CORE_OFFSET	0x28000
#define CORE_SIZE	0x8000
#define AXI		(0x04 / 4)
#define CONTROL		(0x08 / 4)
#define RX_FRAMES	(0x10 / 4)
#define TX_FRAMES	(0x14 / 4)
#define WRITE_ERRORS	(0x18 / 4)
#define READ_ERRORS	(0x1C / 4)
#define COUNT_RESET	(0x20 / 4)
#define MAX_SIZE	(0x60 / 4)
#define ARM(n)		((0x2000 + 4 * (n)) / 4)
#define REQUEST(n)	((0x3000 + 4 * (n)) / 4)
#define WRITE_AT(n)	((0x4000 + 8 * (n)) / 4)
#define READ_AT(n)	((0x6000 + 8 * (n)) / 4)
#define WRITE_ON	(1u << 15)
#define READ_ON		(1u << 31)

#define PAGE		0x10000u
#define MOST		64
#define PATIENCE	60

struct memory {
	uint32_t write;
	uint64_t address;
	uint32_t size;
};

struct access {
	uint64_t address;
	uint32_t data;
};

static int fd, stub;
static volatile uint32_t *core;
static uint32_t header, sequence;

/* There BARs are messages, not memory, and a program that maps one can do nothing any more. */
static int is_uml(void)
{
	char line[256];
	FILE *info = fopen("/proc/cpuinfo", "r");
	int found = 0;

	while (info && !found && fgets(line, sizeof(line), info))
		found = strstr(line, "User Mode Linux") != NULL;
	if (info)
		fclose(info);
	return found;
}

/* Where nothing is mapped, the driver reads and writes for us. */
static uint32_t get(int word)
{
	struct access request = { CORE_OFFSET + 4 * word, 0 };

	if (core)
		return core[word];
	if (ioctl(fd, READ_REGISTER, &request))
		die("the core cannot be read at 0x%x", 4 * word);
	return request.data;
}

static void set(int word, uint32_t value)
{
	struct access request = { CORE_OFFSET + 4 * word, value };

	if (core)
		core[word] = value;
	else if (ioctl(fd, WRITE_REGISTER, &request))
		die("the core cannot be written at 0x%x", 4 * word);
}

static void open_card(void)
{
	off_t registers;

	fd = open("/dev/datadev_0", O_RDWR);
	stub = open("/dev/nvidia_p2p_stub_mem", O_RDWR);
	if (fd < 0 || stub < 0)
		die("no card or no memory of a GPU");
	registers = (off_t)ioctl(fd, GET_BUFF_SIZE, 0) * ioctl(fd, GET_BUFF_COUNT, 0);
	if (!is_uml()) {
		core = mmap(NULL, CORE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, registers + CORE_OFFSET);
		if (core == MAP_FAILED)
			die("the core's registers cannot be mapped");
	}
	header = get(AXI) >> 16 & 0xFF;
}

/* Memory of the GPU, where an address that is a multiple of 64 KiB is wanted. */
static unsigned char *gpu_memory(int from, uint32_t size)
{
	uint32_t request[2] = { size, 0 };
	unsigned char *room, *at;

	if (ioctl(from, STUB_RESERVE, request))
		die("no %u bytes of GPU memory", size);
	room = mmap(NULL, size + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at = (unsigned char *)(((uintptr_t)room + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
	if (mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, from, (off_t)request[1] * 4096) == MAP_FAILED)
		die("GPU memory cannot be mapped");
	return at;
}

static int add(int to, int write, void *address, uint32_t size)
{
	struct memory request = { write, (uintptr_t)address, size };

	return ioctl(to, GPU_ADD, &request);
}

static int arm_by_ioctl(uint32_t index)
{
	return ioctl(fd, GPU_SET_WRITE, &index);
}

/* The order goes another way than what was written to registers, which is posted: it must not overtake that. A read pushes it. */
static void order(const char *format, ...)
{
	char line[256];
	va_list args;

	get(CONTROL);
	strcpy(line, "device dma ");
	va_start(args, format);
	vsnprintf(line + strlen(line), sizeof(line) - strlen(line) - 16, format, args);
	va_end(args);
	if (system(strcat(line, " >/dev/null")))
		die("the card does not take '%s'", line);
}

static uint64_t address_at(int reg)
{
	return get(reg) | (uint64_t)get(reg + 1) << 32;
}

static int is_idle(void)
{
	return get(CONTROL) == 0 && address_at(WRITE_AT(0)) == 0 && address_at(READ_AT(0)) == 0;
}

static void refused(int ret, const char *name)
{
	check(ret < 0, name, "it is taken: %d", ret);
}

static void do_ioctls(void)
{
	unsigned char *at = gpu_memory(stub, 4 * PAGE);
	int most = ioctl(fd, GPU_MAX_BUFFERS, 0), i, other, mine;

	check(ioctl(fd, GPU_SUPPORTED, 0) == 1, "Is_Gpu_Async_Supp", "");
	check(ioctl(fd, GPU_VERSION, 0) == 4, "Get_Gpu_Async_Ver", "");
	check(most == (int)(get(0) & 0xFFFF) && most > 0, "Get_Max_Buffers is what the core says", "%d", most);
	check(add(fd, 1, at, PAGE) == 0, "Add_Nvidia_Memory to be written", "");
	check(address_at(WRITE_AT(0)) != 0 && get(CONTROL) == WRITE_ON && get(MAX_SIZE) == PAGE - header, "the core knows address, count and size",
	      "0x%llx, 0x%x, %u", (long long)address_at(WRITE_AT(0)), get(CONTROL), get(MAX_SIZE));
	check(arm_by_ioctl(0) == 0 && account("gpu-armed") == 1, "Set_Write_Enable arms the buffer", "");
	refused(arm_by_ioctl(1), "and none that is not there");
	refused(arm_by_ioctl(99), "and not the 99th");
	refused(add(fd, 1, at, 2 * PAGE), "a buffer of another size is refused");
	refused(add(fd, 1, at, 0), "a size of 0 is refused");
	refused(add(fd, 1, at, PAGE - 1), "a size that is no multiple of 64 KiB is refused");
	refused(add(fd, 0, at, 8 * PAGE), "more than there is is refused");
	refused(add(fd, 0, malloc(4 * PAGE), PAGE), "memory that is not the GPU's is refused");
	refused(add(fd, 0, (void *)-65536l, 2 * PAGE), "an address that wraps is refused");
	check(ioctl(fd, GPU_ADD, 8) < 0 && errno == EFAULT, "a bad pointer is EFAULT", "");
	check(ioctl(fd, GPU_REM, 0) == 0 && is_idle() && get(MAX_SIZE) == 1, "Rem_Nvidia_Memory leaves nothing in the core", "0x%x", get(CONTROL));
	check(add(fd, 0, at, PAGE) == 0 && get(CONTROL) == READ_ON && address_at(READ_AT(0)) != 0, "Add_Nvidia_Memory to be read", "0x%x", get(CONTROL));
	check(add(fd, 0, at + 4096, PAGE) == 0 && address_at(READ_AT(1)) == address_at(READ_AT(0)) + 4096, "an address within a page", "0x%llx", (long long)address_at(READ_AT(1)));
	check(ioctl(fd, GPU_REM, 0) == 0 && is_idle() && address_at(READ_AT(1)) == 0, "and again nothing is left", "");
	for (i = 0; i < most && add(fd, 0, at, PAGE) == 0; i++)
		;
	check(i == most && add(fd, 0, at, PAGE) < 0, "as many buffers as the core has, and no more", "%d of %d", i, most);
	check(ioctl(fd, GPU_REM, 0) == 0 && is_idle() && address_at(READ_AT(most - 1)) == 0, "all of them go", "");
	other = open("/dev/datadev_0", O_RDWR);
	check(add(other, 1, at, PAGE) == 0 && close(other) == 0 && is_idle(), "closing the file takes its buffers away", "0x%x", get(CONTROL));
	mine = open("/dev/nvidia_p2p_stub_mem", O_RDWR);
	at = gpu_memory(mine, 2 * PAGE);
	check(add(fd, 1, at, PAGE) == 0 && add(fd, 0, at + PAGE, PAGE) == 0 && !is_idle(), "memory of a program that ends", "");
	munmap(at, 2 * PAGE);
	close(mine);
	check(is_idle(), "is taken away before it is gone", "0x%x", get(CONTROL));
}

/* What was written is there before the next word is; what is read next is read after. */
static void fence(void)
{
	__asm__ __volatile__("mfence" ::: "memory");
}

static int careful;

/* What the card writes there; there is no interrupt to wait for. What the core has counted it has rung for, and the read has pushed that. */
static uint32_t ring(volatile uint32_t *at, const char *what, unsigned frame, int counter)
{
	time_t until = time(NULL) + PATIENCE;
	unsigned turns = 0;
	uint32_t value;

	while (!(value = *at)) {
		if (++turns % 1024 == 0 && get(counter) > frame && !*at)
			die("%s of frame %u is lost: %u received, %u sent", what, frame, get(RX_FRAMES), get(TX_FRAMES));
		if (time(NULL) > until)
			die("%s of frame %u does not come: %u received, %u sent", what, frame, get(RX_FRAMES), get(TX_FRAMES));
		sched_yield();
	}
	if (careful)
		get(counter);
	fence();
	return value;
}

/* The place of the first word that is wrong, or -1. */
static long wrong(const uint32_t *words, uint32_t size, uint32_t number)
{
	uint32_t word = number, k;

	if (words[0] != number)
		return 0;
	if (words[1] != (size - 4) / 4)
		return 1;
	for (k = 2; k < size / 4; k++) {
		word = word << 1 | ((word >> 1 ^ word >> 2 ^ word >> 6 ^ word >> 31) & 1);
		if (words[k] != word)
			return k;
	}
	return -1;
}

static unsigned char *in[MOST], *out[MOST];

static void release_buffer(int buffer, uint32_t size)
{
	memset(in[buffer], 0xA5, header + size);
	((volatile uint32_t *)in[buffer])[1] = 0;
	fence();
	set(ARM(buffer), 1);
}

/* The card's own frames come in, are looked at, and go out again, where the card looks at them. */
static void run_frames(unsigned frames, uint32_t size, int buffers)
{
	unsigned frame;
	int buffer;
	long bad;

	for (buffer = 0; buffer < buffers && (unsigned)buffer < frames; buffer++)
		release_buffer(buffer, size);
	order("gpu-source %u %u", frames, size);
	for (frame = 0; frame < frames; frame++) {
		volatile uint32_t *bell, *acknowledge;

		buffer = frame % buffers;
		bell = (uint32_t *)in[buffer];
		acknowledge = (uint32_t *)out[buffer];
		if (ring(bell + 1, "the doorbell", frame, RX_FRAMES) != size || bell[0] != 0x02000000)
			die("frame %u of %u bytes: the doorbell says %u and 0x%x", frame, size, bell[1], bell[0]);
		bad = wrong((uint32_t *)(in[buffer] + header), size, sequence++);
		if (bad >= 0)
			die("frame %u of %u bytes is wrong from word %ld on: 0x%x, number %u", frame, size, bad, ((uint32_t *)(in[buffer] + header))[bad], sequence - 1);
		memcpy(out[buffer] + header, in[buffer] + header, size);
		*acknowledge = 0;
		fence();
		set(REQUEST(buffer), size);
		if (ring(acknowledge, "the acknowledge", frame, TX_FRAMES) != 1)
			die("frame %u: the acknowledge is %u", frame, *acknowledge);
		if (frame + buffers < frames)
			release_buffer(buffer, size);
	}
}

static void add_buffers(uint32_t size, int buffers)
{
	uint32_t room = (size + header + PAGE - 1) & ~(PAGE - 1);
	int i;

	for (i = 0; i < buffers; i++) {
		in[i] = gpu_memory(stub, room);
		out[i] = gpu_memory(stub, room);
		if (add(fd, 1, in[i], room) || add(fd, 0, out[i], room))
			die("buffer %d of %u bytes cannot be added", i, room);
	}
	set(COUNT_RESET, 1);
}

static void judge(unsigned frames, uint32_t size, long long good)
{
	char name[100];

	sprintf(name, "%u frames of %u bytes, each right in both directions", frames, size);
	check(get(RX_FRAMES) == frames && get(TX_FRAMES) == frames && !get(WRITE_ERRORS) && !get(READ_ERRORS) && account("gpu-good") - good == frames && account("gpu-bad") == 0,
	      name, "%u received, %u sent, %u and %u errors, the card judges %lld good and %lld bad", get(RX_FRAMES), get(TX_FRAMES), get(WRITE_ERRORS),
	      get(READ_ERRORS), account("gpu-good") - good, account("gpu-bad"));
}

/* frames FRAMES BUFFERS SIZE...; careful: each time it reads a register of the core after the bell and before the data */
static void do_frames(unsigned frames, int buffers, int sizes, char **words)
{
	struct timespec began, ended;
	double seconds;
	int i;

	if (buffers < 1 || buffers > MOST)
		die("1 to %d buffers", MOST);
	order("gpu-stream prbs");
	for (i = 0; i < sizes; i++) {
		uint32_t size = strtoul(words[i], NULL, 0);
		long long good = account("gpu-good"), bytes = account("gpu-rx-bytes");

		add_buffers(size, buffers);
		clock_gettime(CLOCK_MONOTONIC, &began);
		run_frames(frames, size, buffers);
		clock_gettime(CLOCK_MONOTONIC, &ended);
		seconds = ended.tv_sec - began.tv_sec + (ended.tv_nsec - began.tv_nsec) / 1e9;
		printf("# %u frames of %u bytes in and out: %.0f frames/s, %.1f MB/s each way\n", frames, size, frames / seconds, frames / seconds * size / 1e6);
		judge(frames, size, good);
		check(account("gpu-rx-bytes") - bytes == (long long)frames * size, "the card counts as many bytes", "%lld", account("gpu-rx-bytes") - bytes);
		check(ioctl(fd, GPU_REM, 0) == 0 && is_idle(), "and lets go of them", "");
	}
}

/* Counters begin anew, the cursors at buffer 0, and fewer buffers are used at once. */
static void do_toggle(void)
{
	const uint32_t both = WRITE_ON | READ_ON;

	order("gpu-stream prbs");
	add_buffers(PAGE, 4);
	run_frames(6, PAGE, 4);
	judge(6, PAGE, 0);
	set(CONTROL, 0);
	set(COUNT_RESET, 1);
	check(get(RX_FRAMES) == 0 && get(TX_FRAMES) == 0, "disabled and reset, the counters are 0", "%u, %u", get(RX_FRAMES), get(TX_FRAMES));
	set(CONTROL, both | 3 | 3 << 16);
	run_frames(4, PAGE, 4);
	judge(4, PAGE, 6);
	set(CONTROL, both | 1 | 1 << 16);
	set(COUNT_RESET, 1);
	run_frames(100, PAGE, 2);
	judge(100, PAGE, 10);
	check(ioctl(fd, GPU_REM, 0) == 0 && is_idle(), "and lets go of all four", "");
}

/* hold: gives the core memory and arms it, and waits for the card to go away. */
static void do_hold(void)
{
	struct pollfd one = { fd, POLLIN, 0 };
	int i;

	order("gpu-stream prbs");
	add_buffers(PAGE, 4);
	for (i = 0; i < 4; i++)
		set(ARM(i), 1);
	printf("# holding\n");
	fflush(stdout);
	check(poll(&one, 1, PATIENCE * 1000) == 1 && one.revents & POLLHUP, "the card is gone", "0x%x", one.revents);
	check(ioctl(fd, GPU_REM, 0) < 0 && errno == ENODEV, "and says so", "");
}

#define GUARD		0xA5
#define MANY_BLOCKS	8
#define MANY_COMMANDS	4000

static int added, armed;
static struct {
	int file;
	unsigned char *at;
	uint32_t size;
} blocks[MANY_BLOCKS];

static uint32_t number_of(int last)
{
	static const uint32_t odd[] = { 0, 1, 2, 3, 63, 1023, 1024, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };

	return rand() % 2 ? odd[rand() % (sizeof(odd) / sizeof(*odd))] : (uint32_t)(rand() % last);
}

static void drop_block(int which)
{
	if (!blocks[which].at)
		return;
	munmap(blocks[which].at, blocks[which].size);
	close(blocks[which].file);
	blocks[which].at = NULL;
}

/* The old one goes, whatever the card has of it. */
static void new_block(int which)
{
	drop_block(which);
	blocks[which].file = open("/dev/nvidia_p2p_stub_mem", O_RDWR);
	blocks[which].size = (1 + rand() % 4) * PAGE;
	blocks[which].at = gpu_memory(blocks[which].file, blocks[which].size);
}

static uint64_t any_address(unsigned char *plain)
{
	int which = rand() % MANY_BLOCKS;

	switch (rand() % 8) {
	case 0:
		return (uintptr_t)plain;
	case 1:
		return 0xFFFF888000000000ull + (uint64_t)rand() * 4096;
	case 2:
		return (uint64_t)rand() << 33 ^ rand();
	case 3:
		return (uint64_t)-(rand() % 4) * PAGE;
	case 4:
		return (uintptr_t)blocks[which].at + rand() % 65 * 4096;
	default:
		return (uintptr_t)blocks[which].at + rand() % 4 * PAGE;
	}
}

static uint32_t any_size(void)
{
	return rand() % 4 ? PAGE : rand() % 2 ? number_of(100) * PAGE : number_of(1 << 20);
}

static int is_one_of(int error, const int *known)
{
	for (; *known; known++)
		if (error == *known)
			return 1;
	return 0;
}

/* One command with what it points to between guards, or at a page's end, or nowhere: what comes back, and that nothing is written there. */
static void command_with(int to, unsigned command, const void *data, size_t size, unsigned char *page)
{
	static const int known[] = { EINVAL, EFAULT, ENOSPC, ENOMEM, ENOTTY, 0 };
	const char *nowhere[] = { NULL, (char *)8, (char *)page + 4096, (char *)0xFFFF888000000000, (char *)-1 };
	unsigned char before[4096];
	int way = rand() % 6, ret;
	void *at = way ? page + 64 + rand() % 512 : page + 4096 - size;
	size_t read = command == GPU_ADD ? sizeof(struct memory) : command == GPU_SET_WRITE ? sizeof(uint32_t) : 0;
	int cut = way == 1;

	memset(page, GUARD, 4096);
	memcpy(at, data, size);
	if (cut)
		at = page + 4096 - size / 2;
	if (way == 2)
		at = (void *)nowhere[rand() % 5];
	memcpy(before, page, 4096);
	errno = 0;
	ret = ioctl(to, command, at);
	if (memcmp(before, page, 4096))
		die("command 0x%x has written to what it was to read", command);
	added += command == GPU_ADD && ret == 0;
	armed += command == GPU_SET_WRITE && ret == 0;
	if (ret < 0 && !is_one_of(errno, known))
		die("command 0x%x fails in a way of its own", command);
	if ((way == 2 ? read : cut && read > size / 2) && (ret == 0 || errno != EFAULT))
		die("command 0x%x of what cannot be read gives %d", command, ret);
}

static void any_command(int to, unsigned char *page, unsigned char *plain)
{
	struct memory request = { rand() % 8 ? (uint32_t)rand() % 2 : number_of(2), any_address(plain), any_size() };
	uint32_t index = number_of(8);

	memset((char *)&request + 4, GUARD, 4); /* between its fields */
	switch (rand() % 40) {
	case 0:
		command_with(to, GPU_REM, &request, sizeof(request), page);
		break;
	case 1 ... 2:
		command_with(to, 0x8000 | rand() % 16 | rand() % 3 << 16, &request, sizeof(request), page);
		break;
	case 3 ... 5:
		if (ioctl(to, GPU_SUPPORTED, rand()) != 1 || ioctl(to, GPU_VERSION, rand()) != 4 || ioctl(to, GPU_MAX_BUFFERS, rand()) != 1024)
			die("the core is another one");
		break;
	case 6 ... 15:
		command_with(to, GPU_SET_WRITE, &index, sizeof(index), page);
		break;
	default:
		command_with(to, GPU_ADD, &request, sizeof(request), page);
	}
}

static void fuzz(unsigned seed)
{
	unsigned char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *plain = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int files[3], i;

	srand(seed);
	mprotect(page + 4096, 4096, PROT_NONE);
	for (i = 0; i < 3; i++)
		files[i] = open("/dev/datadev_0", O_RDWR);
	for (i = 0; i < MANY_BLOCKS; i++)
		new_block(i);
	for (i = 0; i < MANY_COMMANDS; i++) {
		int which = rand() % 3;

		any_command(files[which], page, plain);
		if (rand() % 32 == 0)
			new_block(rand() % MANY_BLOCKS);
		if (rand() % 64)
			continue;
		close(files[which]);
		files[which] = open("/dev/datadev_0", O_RDWR);
	}
	printf("# %d buffers added and %d armed\n", added, armed);
	if (added < 100 || armed < 10)
		die("hardly anything is taken");
}

/* Of all that the core has registers for. */
static int is_empty(void)
{
	int i;

	for (i = 0; i < 1024; i++)
		if (address_at(WRITE_AT(i)) || address_at(READ_AT(i)))
			return 0;
	return is_idle();
}

/* Who tells the core an address has the card read or write there. */
static void check_addresses(void)
{
	static const uint32_t places[] = { 0x2C000, 0x2DFFC, 0x2E000, 0x2FFFC };
	off_t registers = (off_t)ioctl(fd, GET_BUFF_SIZE, 0) * ioctl(fd, GET_BUFF_COUNT, 0);
	int i, refusals = 0;
	void *at;

	for (i = 0; i < 4; i++) {
		struct access request = { places[i], 0xBAD };

		errno = 0;
		refusals += ioctl(fd, WRITE_REGISTER, &request) < 0 && errno == EPERM;
	}
	check(refusals == 4 && is_empty(), "the core's addresses cannot be written", "%d of 4", refusals);
	for (refusals = 0, i = 0; i < 4; i++) {
		errno = 0;
		refusals += mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, registers + (places[i] & ~0xFFF)) == MAP_FAILED && errno == EPERM;
	}
	check(refusals == 4, "nor mapped to be written", "%d of 4", refusals);
	check(mmap(NULL, 0x20000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, registers + 0x20000) == MAP_FAILED, "nor with what is around them", "");
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, registers + 0x2C000);
	check(at == MAP_FAILED || mprotect(at, 4096, PROT_READ | PROT_WRITE) < 0, "nor mapped to be read, and written then", "");
}

/* nobody SEED...: whatever anybody may send to the GPU part, from a process a seed; they share the core's buffers. */
static void do_nobody(int seeds, char **words)
{
	long before, less;
	int status, i, good = 0;
	pid_t child;

	check(setgid(65534) == 0 && setuid(65534) == 0, "from here on as nobody", "");
	fd = open("/dev/datadev_0", O_RDWR);
	check_addresses();
	before = meminfo("MemAvailable");
	for (i = 0; i < seeds; i++) {
		child = fork();
		if (child == 0) {
			fuzz(strtoul(words[i], NULL, 0));
			exit(0);
		}
	}
	while (wait(&status) > 0)
		good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	check(good == seeds, "whatever a command has in it, it is answered", "%d of %d", good, seeds);
	check(is_empty(), "nothing is left in the core", "0x%x", get(CONTROL));
	/* Each process has had more than a hundred blocks. */
	less = before - meminfo_settled("MemAvailable", before - 16383, LONG_MAX);
	check(less < 16384, "nor of its memory", "%ld KiB are gone", less);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	printf("KTAP version 1\n");
	fflush(stdout);
	if (!strcmp(what, "nobody"))
		do_nobody(argc - 2, argv + 2);
	else
		open_card();
	careful = !strcmp(what, "careful");
	if (!strcmp(what, "ioctls"))
		do_ioctls();
	else if ((careful || !strcmp(what, "frames")) && argc > 4)
		do_frames(atoi(argv[2]), atoi(argv[3]), argc - 4, argv + 4);
	else if (!strcmp(what, "toggle"))
		do_toggle();
	else if (!strcmp(what, "hold"))
		do_hold();
	else if (strcmp(what, "nobody"))
		die("ioctls, frames or careful FRAMES BUFFERS SIZE..., toggle, hold or nobody SEED..., not '%s'", what);
	printf("1..%d\n", checks);
	return failures != 0;
}
