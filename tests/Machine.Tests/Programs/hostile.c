/* SPDX-License-Identifier: Apache-2.0 */
/* hostile DEVICE SECONDS SEED: random values of random widths, at random places of a PCI function's BARs and configuration space. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int open_in(const char *directory, const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return open(path, O_RDWR | O_SYNC);
}

static uint64_t touch_bar(volatile uint8_t *bar, size_t size)
{
	unsigned width = 1u << (next() % 4);
	size_t at = next() % size & ~(size_t)(width - 1);
	uint64_t value = next();
	int write = next() % 2;

	switch (width) {
	case 1: if (write) bar[at] = (uint8_t)value; return bar[at];
	case 2: if (write) *(volatile uint16_t *)(bar + at) = (uint16_t)value; return *(volatile uint16_t *)(bar + at);
	case 4: if (write) *(volatile uint32_t *)(bar + at) = (uint32_t)value; return *(volatile uint32_t *)(bar + at);
	default: if (write) *(volatile uint64_t *)(bar + at) = value; return *(volatile uint64_t *)(bar + at);
	}
}

static void touch_config(int config)
{
	uint64_t value = next();
	unsigned width = 1u << (next() % 3);
	off_t at = (off_t)(next() % 4096 & ~(uint64_t)(width - 1));

	if (next() % 2)
		pwrite(config, &value, width, at);
	else
		pread(config, &value, width, at);
}

/* Every now and then things are put back: behind a closed gate, or at an address no longer its own, nothing reaches the card. */
static uint32_t sound[64];

static void put_back(int config)
{
	unsigned i;

	for (i = 0; i < 64; i++)
		pwrite(config, &sound[i], sizeof sound[i], (off_t)i * 4);
}

int main(int argc, char **argv)
{
	int config = argc > 3 ? open_in(argv[1], "config") : -1, fd = argc > 3 ? open_in(argv[1], "resource2") : -1;
	struct stat info;
	volatile uint8_t *bar;
	unsigned long count = 0;
	time_t end;

	if (config < 0 || fd < 0 || fstat(fd, &info) < 0) {
		perror("hostile");
		return 1;
	}
	bar = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bar == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	if (pread(config, sound, sizeof sound, 0) != (ssize_t)sizeof sound) {
		perror("config");
		return 1;
	}
	sound[1] |= 0x6;	/* memory space, bus master */
	state = strtoull(argv[3], NULL, 0) * 2654435761u + 1;
	for (end = time(NULL) + atoi(argv[2]); time(NULL) < end; count++) {
		if (count % 256 == 0)
			put_back(config);
		if (next() % 32 == 0)
			touch_config(config);
		else
			touch_bar(bar, (size_t)info.st_size);
	}
	printf("%lu accesses\n", count);
	return 0;
}
