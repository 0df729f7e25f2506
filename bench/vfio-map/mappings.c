/* Maps and unmaps memory for a device, over and over, as understudy-vfio measure does: its peer. Prints, for each size, "mode bytes p50",
 * the last in nanoseconds, of a map with the unmap that follows. The kernel's structures are written out: older headers lack iommufd's. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TYPE1V2 = 3, READ_WRITE = 3, FIXED_READ_WRITE = 7, HUGE = 4, HUGE_SHIFT = 26, PAGE = 4096, MOST = 10000 };

/* VFIO_SET_IOMMU and on, include/uapi/linux/vfio.h; IOMMU_IOAS_ALLOC and on, include/uapi/linux/iommufd.h */
enum {
	SET_IOMMU = 0x3b66, GROUP_SET_CONTAINER = 0x3b68, GROUP_GET_DEVICE = 0x3b6a, MAP_DMA = 0x3b71, UNMAP_DMA = 0x3b72,
	BIND_IOMMUFD = 0x3b76, ATTACH = 0x3b77, IOAS_ALLOC = 0x3b81, IOAS_MAP = 0x3b85, IOAS_UNMAP = 0x3b86,
};

struct map { uint32_t size, flags; uint64_t address, iova, bytes; };
struct unmap { uint32_t size, flags; uint64_t iova, bytes; };
struct bind { uint32_t size, flags; int32_t iommufd; uint32_t id; };
struct attach { uint32_t size, flags, ioas; };
struct ioas { uint32_t size, flags, id; };
struct ioas_map { uint32_t size, flags, ioas, reserved; uint64_t address, bytes, iova; };
struct ioas_unmap { uint32_t size, ioas; uint64_t iova, bytes; };

static int is_iommufd, iommu;
static uint32_t address_space;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int request(int fd, unsigned long number, void *argument, const char *name)
{
	int result = ioctl(fd, number, argument);

	if (result < 0)
		fail(name);
	return result;
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	return fd;
}

static void open_in_group(const char *card)
{
	char path[256], target[256] = "", node[300];
	int group;

	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/iommu_group", card);
	if (readlink(path, target, sizeof target - 1) < 0)
		fail(path);
	snprintf(node, sizeof node, "/dev/vfio/%s", strrchr(target, '/') + 1);
	iommu = open_file("/dev/vfio/vfio");
	group = open_file(node);
	request(group, GROUP_SET_CONTAINER, &iommu, "VFIO_GROUP_SET_CONTAINER");
	request(iommu, SET_IOMMU, (void *)TYPE1V2, "VFIO_SET_IOMMU");
	request(group, GROUP_GET_DEVICE, (void *)card, "VFIO_GROUP_GET_DEVICE_FD");
}

static void open_node(const char *card)
{
	struct ioas allocate = { .size = sizeof allocate };
	struct bind bind = { .size = sizeof bind };
	struct attach attach = { .size = sizeof attach };
	struct dirent *entry;
	char path[512];
	int device;
	DIR *nodes;

	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/vfio-dev", card);
	nodes = opendir(path);
	while (nodes && (entry = readdir(nodes)))
		if (!strncmp(entry->d_name, "vfio", 4))
			break;
	if (!nodes || !entry)
		fail(path);
	snprintf(path, sizeof path, "/dev/vfio/devices/%s", entry->d_name);
	device = open_file(path);
	iommu = open_file("/dev/iommu");
	request(iommu, IOAS_ALLOC, &allocate, "IOMMU_IOAS_ALLOC");
	bind.iommufd = iommu;
	request(device, BIND_IOMMUFD, &bind, "VFIO_DEVICE_BIND_IOMMUFD");
	attach.ioas = address_space = allocate.id;
	request(device, ATTACH, &attach, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
}

static void *memory(uint64_t bytes)
{
	unsigned shift = 0;
	void *at;
	int fd;

	while (bytes >> shift > 1)
		shift++;
	fd = syscall(SYS_memfd_create, "dma", bytes == PAGE ? 0 : HUGE | shift << HUGE_SHIFT);
	if (fd < 0 || ftruncate(fd, bytes))
		return NULL;
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

static void map(void *at, uint64_t iova, uint64_t bytes)
{
	struct map dma = { sizeof dma, READ_WRITE, (uintptr_t)at, iova, bytes };
	struct ioas_map ioas = { sizeof ioas, FIXED_READ_WRITE, address_space, 0, (uintptr_t)at, bytes, iova };

	if (is_iommufd)
		request(iommu, IOAS_MAP, &ioas, "IOMMU_IOAS_MAP");
	else
		request(iommu, MAP_DMA, &dma, "VFIO_IOMMU_MAP_DMA");
}

static void unmap(uint64_t iova, uint64_t bytes)
{
	struct unmap dma = { sizeof dma, 0, iova, bytes };
	struct ioas_unmap ioas = { sizeof ioas, address_space, iova, bytes };

	if (is_iommufd)
		request(iommu, IOAS_UNMAP, &ioas, "IOMMU_IOAS_UNMAP");
	else
		request(iommu, UNMAP_DMA, &dma, "VFIO_IOMMU_UNMAP_DMA");
	if ((is_iommufd ? ioas.bytes : dma.bytes) != bytes) {
		fprintf(stderr, "other than %llu bytes were unmapped\n", (unsigned long long)bytes);
		exit(1);
	}
}

static int64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int by_value(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

static void measure(const char *mode, uint64_t bytes, int count)
{
	static int64_t samples[MOST];
	volatile char *at = memory(bytes);
	int i;

	if (!at) {
		printf("%s %llu skipped: there are no huge pages of that size\n", mode, (unsigned long long)bytes);
		return;
	}
	at[0] = 1;
	for (i = -count / 10; i < count; i++) {
		int64_t start = nanoseconds();

		map((void *)at, bytes, bytes);
		unmap(bytes, bytes);
		if (i >= 0)
			samples[i] = nanoseconds() - start;
	}
	qsort(samples, count, sizeof *samples, by_value);
	printf("%s %llu %lld\n", mode, (unsigned long long)bytes, (long long)samples[count / 2]);
	munmap((void *)at, bytes);
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 5) {
		fprintf(stderr, "usage: mappings ADDRESS iommufd|vfio_type1v2_iommu {BYTES COUNT}...\n");
		return 2;
	}
	is_iommufd = !strcmp(argv[2], "iommufd");
	if (is_iommufd)
		open_node(argv[1]);
	else
		open_in_group(argv[1]);
	for (i = 3; i + 1 < argc; i += 2) {
		int count = atoi(argv[i + 1]);

		if (count < 1 || count > MOST)
			return 2;
		measure(argv[2], strtoull(argv[i], NULL, 0), count);
	}
	return 0;
}
