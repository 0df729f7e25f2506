/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the agent share. The parts are one translation unit; agent.c includes them in order. */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum {
	MAGIC = 0x31445355,		/* "USD1", little endian like every number here */
	VERSION = 1,
	PAYLOAD_MAX = 256 << 10,
	CHUNK = 64 << 10,
	BULK_MARK = 256 << 10,		/* above this much unsent, output of commands waits */
	REQUEST_MARK = 512 << 10,	/* above this much unsent, requests wait */
	CONTROL_QUEUE = 1 << 20,
	LOG_QUEUE = 64 << 10,
	RECORD_MAX = 8 << 10,		/* one read of /dev/kmsg */
	LOG_PATIENCE = 2000,		/* milliseconds: how long a command's end waits for a host that takes nothing of the log */
	SEED_MAX = 512,
	JOBS = 64,
	QUESTIONS = 16,			/* of those, what programs in the guest may take */
	OWN_ID = 1u << 31,		/* ids of what the guest starts; the host's are below */
};

enum frame_type {
	HELLO = 1, PING, EXECUTE, STDIN, SIGNAL, RESIZE, PUSH, PULL, LOAD_MODULE, UNLOAD_MODULE,
	WAIT_DEVICE, SET_TIME, MOUNT, SYSRQ, POWER_OFF, DEVICE_REPLY, SEED, REQUESTS,
	DONE = 64, ERROR, STDOUT, STDERR, EXIT, DATA,
	HEARTBEAT = 96, DEVICE_COMMAND, LOG_RECORD,
};

struct header {
	uint32_t magic;
	uint16_t type, flags;
	uint32_t id, length;
};

struct queue {
	unsigned char *data;
	size_t size, head, tail;
};

struct channel {
	int in, out;
	bool up;			/* somebody on the host has the other end open */
	bool refuses;			/* what it polls as writable takes nothing: no poll, we try at each turn */
	struct queue tx;
};

/* What a request left under way: a child, a wait for a device, or a question to the host. */
struct job {
	enum { FREE, COMMAND, FETCH, WORKER, DEVICE_WAIT, QUESTION } kind;
	uint32_t id;
	pid_t pid;			/* 0 once reaped */
	int status;
	int in, out, err, result;	/* our ends, -1 when closed */
	int left[2];			/* bytes of out and err still to send after the exit, -1 before */
	bool tty;
	unsigned char *held;		/* stdin not yet taken, the awaited device, or the words of a question */
	size_t held_length, held_done;
	uint32_t held_id;
};

struct cursor {
	const unsigned char *at, *end;
	bool bad;
};

struct payload {
	unsigned char data[4096 + CHUNK];
	size_t length;
};

static unsigned char ctl_space[CONTROL_QUEUE], log_space[LOG_QUEUE];
static struct channel ctl = { -1, -1, false, false, { ctl_space, sizeof(ctl_space), 0, 0 } };
static struct channel klog = { -1, -1, false, false, { log_space, sizeof(log_space), 0, 0 } };
static unsigned char rx[sizeof(struct header) + PAYLOAD_MAX];
static size_t rx_length;
static struct payload scratch;
static struct job jobs[JOBS];
static bool is_init, in_session, skipping_junk, on_lines;
static int kmsg = -1, uevents = -1, signals = -1, timer = -1, questions = -1;
static uint32_t next_question;

static uint64_t tell_log(void);
