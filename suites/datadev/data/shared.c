/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared FRAMES: one process sends and reads by copy, and another one, with the same open file, gives back every index there is all the
 * while. What the driver is copying from or to is nobody's to give back.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "abi.h"
#include "check.h"

#define SIZE		60000
#define PATIENCE	60000	/* ms without an event */

static void give_back_for_ever(int fd)
{
	int count = ioctl(fd, DATADEV_GET_BUFF_COUNT, 0), i;
	unsigned *indices = calloc(count, sizeof(*indices));

	for (i = 0; i < count; i++)
		indices[i] = i;
	for (;;)
		if (ioctl(fd, DATADEV_RET_INDEX | count << 16, indices))
			_exit(1);
}

static void send_frame(int fd, unsigned char *data, unsigned number)
{
	struct datadev_write request = { .data = (unsigned long)data, .size = SIZE };
	struct pollfd writable = { fd, POLLOUT, 0 };
	long ret;

	memset(data, number, SIZE);
	while ((ret = write(fd, &request, sizeof(request))) == 0)
		if (poll(&writable, 1, PATIENCE) != 1)
			die("no room to write in a minute");
	if (ret != SIZE)
		die("write of frame %u gives %ld", number, ret);
}

static int is_whole(int fd, unsigned char *data, unsigned number)
{
	struct datadev_read request = { .data = (unsigned long)data, .size = SIZE };
	struct pollfd readable = { fd, POLLIN, 0 };
	int i;

	memset(data, ~number, SIZE);
	if (poll(&readable, 1, PATIENCE) != 1 || read(fd, &request, sizeof(request)) != 1)
		die("frame %u does not come back", number);
	for (i = 0; i < SIZE && data[i] == (unsigned char)number; i++)
		;
	return request.ret == SIZE && !request.error && i == SIZE;
}

int main(int argc, char **argv)
{
	unsigned frames = argc > 1 ? atoi(argv[1]) : 100, number, whole = 0;
	unsigned char *data = malloc(SIZE);
	int fd = open("/dev/datadev_0", O_RDWR), status;
	pid_t other;

	printf("KTAP version 1\n");
	if (fd < 0 || ioctl(fd, DATADEV_SET_MASK, 1))
		die("the node cannot be had");
	other = fork();
	if (other == 0)
		give_back_for_ever(fd);
	for (number = 0; number < frames; number++) {
		send_frame(fd, data, number);
		whole += is_whole(fd, data, number);
	}
	check(whole == frames, "every frame is whole", "%u of %u", whole, frames);
	check(waitpid(other, &status, WNOHANG) == 0, "and the other process was at it until the end", "status 0x%x", status);
	kill(other, SIGKILL);
	waitpid(other, &status, 0);
	printf("1..%d\n", checks);
	return failures != 0;
}
