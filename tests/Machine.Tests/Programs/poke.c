/* SPDX-License-Identifier: Apache-2.0 */
/* poke FILE OFFSET [VALUE]: reads a 32-bit register of a mapped BAR, after having written it when there is a value. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[1], O_RDWR | O_SYNC) : -1;
	volatile uint32_t *bar = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned long at = argc > 2 ? strtoul(argv[2], NULL, 0) / 4 : 0;

	if (bar == MAP_FAILED) {
		perror(argc > 1 ? argv[1] : "usage: poke FILE OFFSET [VALUE]");
		return 1;
	}
	if (argc > 3)
		bar[at] = (uint32_t)strtoul(argv[3], NULL, 0);
	printf("0x%08x\n", bar[at]);
	return 0;
}
