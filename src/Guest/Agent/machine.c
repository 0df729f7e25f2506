/* SPDX-License-Identifier: Apache-2.0 */
/* Hello, Ping, SetTime, Seed, Mount, SysRq, PowerOff. */

static int mount_task(struct cursor *payload, char *text, size_t size)
{
	const char *source = get_string(payload), *target = get_string(payload), *type = get_string(payload), *options = get_string(payload);
	uint64_t flags = get_u64(payload);
	int error;

	if (payload->bad)
		return EPROTO;
	make_parents(target);
	mkdir(target, 0755);
	if (mount(source, target, type, flags, options) == 0)
		return 0;
	error = errno;
	snprintf(text, size, "cannot mount %s (%s) on %s: %s", source, type, target, strerror(error));
	return error;
}

static int sysrq_task(struct cursor *payload, char *text, size_t size)
{
	const char *key = get(payload, 1);
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC), error = 0;

	if (!payload->bad && (fd < 0 || write(fd, key, 1) < 0)) {
		error = errno;
		snprintf(text, size, "cannot write /proc/sysrq-trigger: %s", strerror(error));
	}
	return error;
}

static void on_set_time(uint32_t id, struct cursor *payload)
{
	uint64_t now = get_u64(payload);
	struct timespec time = { now / 1000000000, now % 1000000000 };

	if (payload->bad)
		return;
	if (clock_settime(CLOCK_REALTIME, &time) < 0)
		fail(id, errno, "cannot set the clock: %s", strerror(errno));
	else
		done(id, NULL, 0);
}

/* Credited, so that it counts also where the kernel has gathered nothing of its own yet; and used from the next byte on. */
static void on_seed(uint32_t id, struct cursor *payload)
{
	/* <linux/random.h> cannot be had together with musl's <sys/ioctl.h>. */
	enum { ADD_ENTROPY = 0x40085203, RESEED = 0x5207 };
	struct { int bits, length; unsigned char bytes[SEED_MAX]; } pool;
	size_t length = payload->end - payload->at;
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

	if (length > SEED_MAX)
		length = SEED_MAX;
	pool.bits = length * 8;
	pool.length = length;
	memcpy(pool.bytes, payload->at, length);
	if (fd < 0 || ioctl(fd, ADD_ENTROPY, &pool) < 0 || ioctl(fd, RESEED) < 0)
		fail(id, errno, "cannot seed the random numbers: %s", strerror(errno));
	else
		done(id, NULL, 0);
	close_end(&fd);
}

static void on_power_off(uint32_t id, struct cursor *payload)
{
	(void)payload;
	if (!is_init) {
		fail(id, EPERM, "this agent is not the guest's init");
		return;
	}
	done(id, NULL, 0);
	flush(&ctl);
	flush(&klog);
	/*
	 * Nothing of ours may run beside the kernel's last steps: they come after it has stopped its timers, and
	 * a process that is busy then keeps the CPU for good. So init itself asks, and is the only one left.
	 */
	kill(-1, SIGKILL);
	sync();
	reboot(RB_POWER_OFF);
	say("cannot power off: %s", strerror(errno));
}

static void on_hello(uint32_t id, struct cursor *payload)
{
	uint32_t version = get_u32(payload);
	struct utsname kernel;
	char line[4096];

	if (payload->bad)
		return;
	if (version != VERSION) {
		fail(id, EPROTONOSUPPORT, "the host speaks version %u of the protocol, this agent speaks %d", version, VERSION);
		return;
	}
	start_session();
	uname(&kernel);
	read_file("/proc/cmdline", line, sizeof(line));
	scratch.length = 0;
	put_u32(&scratch, VERSION);
	put_u64(&scratch, uptime_us());
	put_string(&scratch, kernel.release);
	put_string(&scratch, line);
	done(id, scratch.data, scratch.length);
}

static void on_ping(uint32_t id, struct cursor *payload) { done(id, payload->at, payload->end - payload->at); }
static void on_load_module(uint32_t id, struct cursor *payload) { work(id, payload, load_task); }
static void on_unload_module(uint32_t id, struct cursor *payload) { work(id, payload, unload_task); }
static void on_mount(uint32_t id, struct cursor *payload) { work(id, payload, mount_task); }
static void on_sysrq(uint32_t id, struct cursor *payload) { work(id, payload, sysrq_task); }
