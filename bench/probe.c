/* The timed loops of the benches, in C on both sides so that no runtime of ours is in the figures: in the guest against a device's BAR,
 * on the host as their peer. Prints "min p50 p90 p99 mean", in nanoseconds, or for bursts the messages per second. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SCRATCH = 0x04, SINK = 0x10, BAR_BYTES = 4096, MAX_FRAME = 64 * 1024 };

/* What the card's scratch register holds. A read that brings anything else did not reach the model. */
enum { SCRATCH_HOLDS = 0x5c5c5c5c };

/* One register read over vfio-user: a header and the access, answered with both and the data. */
enum { REQUEST = 32, ANSWER = 36 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static int by_value(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

/* Samples are in ticks; the whole loop, timed in both, gives the length of one. */
static void report(uint32_t *samples, long count, uint64_t all_ticks, uint64_t all_nanoseconds)
{
	double nanoseconds_per_tick = (double)all_nanoseconds / all_ticks;
	double sum = 0;
	long i;

	for (i = 0; i < count; i++)
		sum += samples[i];
	qsort(samples, count, sizeof *samples, by_value);
	printf("%.0f %.0f %.0f %.0f %.0f\n", samples[0] * nanoseconds_per_tick, samples[count / 2] * nanoseconds_per_tick,
	       samples[count * 9 / 10] * nanoseconds_per_tick, samples[count * 99 / 100] * nanoseconds_per_tick, sum / count * nanoseconds_per_tick);
}

static void measure(long count, void (*once)(void *), void *what)
{
	uint32_t *samples = calloc(count, sizeof *samples);
	uint64_t from_ticks, from_nanoseconds;
	long i;

	if (!samples)
		fail("samples");
	for (i = 0; i < count / 10; i++)
		once(what);
	from_nanoseconds = nanoseconds();
	from_ticks = ticks();
	for (i = 0; i < count; i++) {
		uint64_t start = ticks();

		once(what);
		samples[i] = ticks() - start;
	}
	report(samples, count, ticks() - from_ticks, nanoseconds() - from_nanoseconds);
}

static int has_id(const char *device, const char *file, unsigned long wanted)
{
	char path[512], text[16] = "";
	int fd;

	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/%s", device, file);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
		fail(path);
	close(fd);
	return strtoul(text, NULL, 16) == wanted;
}

static int open_in(const char *device, const char *file, int flags)
{
	char path[512];
	int fd;

	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/%s", device, file);
	fd = open(path, flags);
	if (fd < 0)
		fail(path);
	return fd;
}

/* Finds a device by "vendor:device", lets it decode memory and master the bus, and maps its first BAR. */
static volatile uint32_t *map_device(const char *id)
{
	unsigned long vendor, product;
	struct dirent *entry;
	uint16_t command = 6;
	char *colon;
	void *bar;
	DIR *all = opendir("/sys/bus/pci/devices");

	vendor = strtoul(id, &colon, 16);
	product = strtoul(colon + 1, NULL, 16);
	while (all && (entry = readdir(all)))
		if (entry->d_name[0] != '.' && has_id(entry->d_name, "vendor", vendor) && has_id(entry->d_name, "device", product))
			break;
	if (!all || !entry) {
		fprintf(stderr, "no device %s\n", id);
		exit(1);
	}
	if (pwrite(open_in(entry->d_name, "config", O_RDWR), &command, sizeof command, 4) != sizeof command)
		fail("config");
	bar = mmap(NULL, BAR_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, open_in(entry->d_name, "resource0", O_RDWR), 0);
	if (bar == MAP_FAILED)
		fail("resource0");
	return bar;
}

/* The value is used: tcc drops a load whose result is not, volatile or not. */
static void read_register(void *bar)
{
	uint32_t value = ((volatile uint32_t *)bar)[SCRATCH / 4];

	if (value != SCRATCH_HOLDS) {
		fprintf(stderr, "the scratch register reads 0x%x\n", value);
		exit(1);
	}
}

/* Writes are posted: the burst has been carried out when a read behind it comes back. */
static void posted(volatile uint32_t *bar, long count)
{
	uint64_t start = nanoseconds();
	long i;

	for (i = 0; i < count; i++)
		bar[SINK / 4] = i;
	read_register((void *)bar);
	printf("%.0f\n", count * 1e9 / (nanoseconds() - start));
}

static void receive(int socket, void *buffer, size_t length)
{
	if (recv(socket, buffer, length, MSG_WAITALL) != (ssize_t)length)
		fail("recv");
}

static void transmit(int socket, const void *buffer, size_t length)
{
	if (write(socket, buffer, length) != (ssize_t)length)
		fail("write");
}

static void there_and_back(void *socket)
{
	char frame[ANSWER] = "";

	transmit(*(int *)socket, frame, REQUEST);
	receive(*(int *)socket, frame, ANSWER);
}

static void stay_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof cpus, &cpus))
		fail("sched_setaffinity");
}

/* Left alone, the scheduler mostly puts both on one CPU, where a hand-over needs no wake-up of another. */
static void ping_pong(long count, int apart)
{
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		fail("socketpair");
	child = fork();
	if (child == 0) {
		char frame[ANSWER] = "";

		close(pair[0]);
		if (apart)
			stay_on(1);
		while (recv(pair[1], frame, REQUEST, MSG_WAITALL) == REQUEST)
			transmit(pair[1], frame, ANSWER);
		_exit(0);
	}
	close(pair[1]);
	if (apart)
		stay_on(0);
	measure(count, there_and_back, &pair[0]);
	close(pair[0]);
	waitpid(child, NULL, 0);
}

/* One message for each write, as posted writes travel that nobody gathers. */
static void stream(long count)
{
	static char buffer[MAX_FRAME];
	int pair[2];
	long left = count * ANSWER;
	uint64_t start;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		fail("socketpair");
	start = nanoseconds();
	if (fork() == 0) {
		long i;

		for (i = 0; i < count; i++)
			transmit(pair[1], buffer, ANSWER);
		_exit(0);
	}
	while (left > 0) {
		ssize_t length = recv(pair[0], buffer, sizeof buffer, 0);

		if (length <= 0)
			fail("recv");
		left -= length;
	}
	printf("%.0f\n", count * 1e9 / (nanoseconds() - start));
	wait(NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	long count = argc > 2 ? atol(argv[2]) : 0;

	if (count <= 0) {
		fprintf(stderr, "usage: probe stream COUNT, probe pingpong COUNT [apart], probe read|posted COUNT VENDOR:DEVICE\n");
		return 2;
	}
	if (!strcmp(what, "pingpong"))
		ping_pong(count, argc > 3);
	else if (!strcmp(what, "stream"))
		stream(count);
	else if (!strcmp(what, "read") && argc > 3)
		measure(count, read_register, (void *)map_device(argv[3]));
	else if (!strcmp(what, "posted") && argc > 3)
		posted(map_device(argv[3]), count);
	else
		return 2;
	return 0;
}
