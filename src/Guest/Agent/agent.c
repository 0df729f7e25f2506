/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Understudy's agent in the guest: PID 1 of a machine that exists to try drivers on. It serves the
 * frames of docs/guest-protocol.md on the virtio-serial port "understudy.ctl", streams the kernel log
 * on "understudy.log", and never speaks over the console. One poll(2) loop; whatever may block (a
 * module's init function, a write to sysfs, a mount) happens in a forked child, so a driver that hangs
 * cannot take the agent with it.
 *
 * Under other names: `device NAME WORDS...` asks the host to act on a device model, `modprobe NAME`
 * loads a module with what it depends on (the kernel calls it by that name), and `agent --stdio` serves
 * control on descriptors 0 and 1 and the log on 2 as an ordinary process, for tests.
 */
#include "agent.h"
#include "frames.c"
#include "payload.c"
#include "system.c"
#include "jobs.c"
#include "ports.c"
#include "commands.c"
#include "files.c"
#include "modules.c"
#include "devices.c"
#include "machine.c"
#include "questions.c"
#include "streams.c"

static struct pollfd polls[3 * JOBS + 8];
static struct watch { void (*ready)(struct job *); struct job *job; } watches[3 * JOBS + 8];
static int watched;

static void watch(int fd, short events, void (*ready)(struct job *), struct job *job)
{
	if (fd < 0)
		return;
	polls[watched] = (struct pollfd){ fd, events, 0 };
	watches[watched++] = (struct watch){ ready, job };
}

static void on_writable(struct job *unused) { (void)unused; }

static void watch_job(struct job *job)
{
	bool room = queued(&ctl.tx) < BULK_MARK;

	if (job->kind == QUESTION) {
		watch(job->in, POLLIN, on_question_words, job);
		watch(job->out, 0, on_question_gone, job);
	} else if (job->kind != FREE && job->kind != DEVICE_WAIT) {
		watch(room ? job->out : -1, POLLIN, on_job_out, job);
		watch(room ? job->err : -1, POLLIN, on_job_err, job);
		watch(job->held ? job->in : -1, POLLOUT, on_job_in, job);
	}
}

static void serve(void)
{
	for (;;) {
		watched = 0;
		watch(ctl.up && rx_length < sizeof(rx) ? ctl.in : -1, POLLIN, on_control, NULL);
		watch(ctl.up && queued(&ctl.tx) && !ctl.refuses ? ctl.out : -1, POLLOUT, on_writable, NULL);
		watch(signals, POLLIN, on_signals, NULL);
		watch(timer, POLLIN, on_heartbeat, NULL);
		watch(uevents, POLLIN, on_uevent, NULL);
		watch(questions, POLLIN, on_question, NULL);
		watch(klog.up ? klog.out : -1, queued(&klog.tx) && !klog.refuses ? POLLOUT : 0, on_writable, NULL);
		watch(klog.up && log_has_room() ? kmsg : -1, POLLIN, on_kmsg, NULL);
		for (struct job *job = jobs; job < jobs + JOBS; job++)
			watch_job(job);
		if (poll(polls, watched, -1) < 0)
			continue;
		for (int i = 0; i < watched; i++) {
			if (!polls[i].revents)
				continue;
			if (watches[i].ready == on_writable && polls[i].revents & (POLLHUP | POLLERR))
				host_left(polls[i].fd == klog.out ? &klog : &ctl);
			else
				watches[i].ready(watches[i].job);
		}
		do
			flush(&ctl);
		while (take_frames());
		flush(&klog);
	}
}

static void open_sources(void)
{
	struct sockaddr_nl kernel_group = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct sockaddr_un address = socket_address();
	struct itimerspec second = { { 1, 0 }, { 1, 0 } };
	int room = 1 << 20;
	sigset_t watched_signals;

	sigemptyset(&watched_signals);
	sigaddset(&watched_signals, SIGCHLD);
	sigaddset(&watched_signals, SIGIO);
	sigprocmask(SIG_BLOCK, &watched_signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &watched_signals, SFD_CLOEXEC | SFD_NONBLOCK);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	timerfd_settime(timer, 0, &second, NULL);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	uevents = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (uevents < 0 || bind(uevents, (struct sockaddr *)&kernel_group, sizeof(kernel_group)) < 0)
		say("no device events: %s", strerror(errno));
	setsockopt(uevents, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));

	unlink(address.sun_path);
	questions = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(questions, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(questions, 16) < 0)
		say("no device commands: %s: %s", address.sun_path, strerror(errno));
}

static void mount_one(const char *type, const char *target, const char *options)
{
	mkdir(target, 0755);
	if (mount(type, target, type, 0, options) < 0 && errno != EBUSY)
		say("cannot mount %s on %s: %s", type, target, strerror(errno));
}

/* What udev makes beside the device nodes, and bash's <( ) needs. */
static void link_standard_files(void)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" }, { "fd/0", "/dev/stdin" }, { "fd/1", "/dev/stdout" }, { "fd/2", "/dev/stderr" },
	};

	for (unsigned i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST)
			say("cannot make %s: %s", links[i][1], strerror(errno));
}

static void bring_up_guest(void)
{
	int fd;

	mount_one("devtmpfs", "/dev", "");
	mount_one("proc", "/proc", "");
	link_standard_files();
	mount_one("sysfs", "/sys", "");
	mkdir("/dev/pts", 0755);
	mount_one("devpts", "/dev/pts", "ptmxmode=0666");
	mount_one("tmpfs", "/tmp", "mode=1777");
	mount_one("tmpfs", "/run", "mode=0755");
	mount_one("debugfs", "/sys/kernel/debug", "");
	fd = open("/proc/sys/kernel/printk_devkmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "on\n", 3) < 0)
		say("lines that programs write to /dev/kmsg are rate limited: %s", strerror(errno));
	close_end(&fd);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 0);
	setsid();
	/* Init's console stays closed to it: what commands print goes to the host, never there. */
	fd = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	bool asks = !strcmp(name, "device") || (argc > 1 && !strcmp(argv[1], "device"));

	if (getpid() != 1 && asks)
		return ask_host(argv + (strcmp(name, "device") ? 2 : 1));
	if (getpid() != 1 && !strcmp(name, "modprobe")) {
		char text[400] = "";
		int first = 1;

		while (first < argc && argv[first][0] == '-')
			first++;
		if (first == argc || !load_module(argv[first], first + 1 < argc ? argv[first + 1] : "", 0, text, sizeof(text)))
			return first == argc;
		dprintf(2, "modprobe: %s\n", text);
		return 1;
	}
	is_init = getpid() == 1;
	if (!is_init && (argc < 2 || strcmp(argv[1], "--stdio"))) {
		dprintf(2, "usage: %s device NAME WORDS... | --stdio\n", name);
		return 2;
	}
	if (is_init) {
		bring_up_guest();
		load_boot_modules();
		open_lines();
	} else {
		ctl.in = 0;
		ctl.out = 1;
		klog.out = 2;
		ctl.up = klog.up = true;
		for (int i = 0; i < 3; i++)
			set_nonblocking(i);
	}
	open_sources();
	open_ports();
	serve();
}
