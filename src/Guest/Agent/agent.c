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
	JOBS = 64,
	QUESTIONS = 16,			/* of those, what programs in the guest may take */
	OWN_ID = 1u << 31,		/* ids of what the guest starts; the host's are below */
};

enum frame_type {
	HELLO = 1, PING, EXECUTE, STDIN, SIGNAL, RESIZE, PUSH, PULL, LOAD_MODULE, UNLOAD_MODULE,
	WAIT_DEVICE, SET_TIME, MOUNT, SYSRQ, POWER_OFF, DEVICE_REPLY, REQUESTS,
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
static struct channel ctl = { -1, -1, false, { ctl_space, sizeof(ctl_space), 0, 0 } };
static struct channel klog = { -1, -1, false, { log_space, sizeof(log_space), 0, 0 } };
static unsigned char rx[sizeof(struct header) + PAYLOAD_MAX];
static size_t rx_length;
static struct payload scratch;
static struct job jobs[JOBS];
static bool is_init, in_session, skipping_junk;
static int kmsg = -1, uevents = -1, signals = -1, timer = -1, questions = -1;
static uint32_t next_question;

/* ---- speaking ------------------------------------------------------------------------------- */

/* Says what went wrong where the host looks when nothing else works: the kernel log. */
static void say(const char *format, ...)
{
	char line[512] = "<3>understudy-agent: ";
	size_t used = strlen(line);
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + used, sizeof(line) - used, format, arguments);
	va_end(arguments);
	if ((fd < 0 || write(fd, line, strlen(line)) < 0) && klog.out != 2)
		dprintf(2, "%s\n", line + 3);
	if (fd >= 0)
		close(fd);
}

static size_t queued(const struct queue *queue)
{
	return queue->tail - queue->head;
}

/* Where the payload of the next frame goes, or NULL when so much has no room. */
static unsigned char *next_payload(struct queue *queue, size_t length)
{
	if (queue->size - queue->tail < sizeof(struct header) + length) {
		memmove(queue->data, queue->data + queue->head, queued(queue));
		queue->tail -= queue->head;
		queue->head = 0;
	}
	if (queue->size - queue->tail < sizeof(struct header) + length)
		return NULL;
	return queue->data + queue->tail + sizeof(struct header);
}

/* Queues the frame whose payload lies where next_payload() said. */
static void add_frame(struct queue *queue, uint16_t type, uint32_t id, size_t length)
{
	struct header header = { MAGIC, type, 0, id, length };

	memcpy(queue->data + queue->tail, &header, sizeof(header));
	queue->tail += sizeof(header) + length;
}

/* The marks above which nothing new is taken on see to it that there is room for every answer. */
static void send_frame(struct queue *queue, uint16_t type, uint32_t id, const void *payload, size_t length)
{
	unsigned char *into = next_payload(queue, length);

	if (!into)
		return;
	if (length)
		memcpy(into, payload, length);
	add_frame(queue, type, id, length);
}

static void done(uint32_t id, const void *payload, size_t length)
{
	send_frame(&ctl.tx, DONE, id, payload, length);
}

static void fail(uint32_t id, int error, const char *format, ...)
{
	struct { int32_t error; char text[1020]; } reply = { error, "" };
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(reply.text, sizeof(reply.text), format, arguments);
	va_end(arguments);
	if (length >= (int)sizeof(reply.text))
		length = sizeof(reply.text) - 1;
	send_frame(&ctl.tx, ERROR, id, &reply, sizeof(reply.error) + length);
}

static void put(struct payload *payload, const void *bytes, size_t length)
{
	if (length > sizeof(payload->data) - payload->length)
		length = sizeof(payload->data) - payload->length;
	memcpy(payload->data + payload->length, bytes, length);
	payload->length += length;
}

static void put_u32(struct payload *payload, uint32_t value) { put(payload, &value, sizeof(value)); }
static void put_u64(struct payload *payload, uint64_t value) { put(payload, &value, sizeof(value)); }

static void put_string(struct payload *payload, const char *text)
{
	put_u32(payload, strlen(text));
	put(payload, text, strlen(text) + 1);
}

/* ---- reading a payload ---------------------------------------------------------------------- */

static const void *get(struct cursor *cursor, size_t length)
{
	const unsigned char *here = cursor->at;
	static const uint64_t zero;

	if (cursor->bad || length > (size_t)(cursor->end - cursor->at)) {
		cursor->bad = true;
		return &zero;
	}
	cursor->at += length;
	return here;
}

static uint32_t get_u32(struct cursor *cursor)
{
	uint32_t value;

	memcpy(&value, get(cursor, sizeof(value)), sizeof(value));
	return value;
}

static uint64_t get_u64(struct cursor *cursor)
{
	uint64_t value;

	memcpy(&value, get(cursor, sizeof(value)), sizeof(value));
	return value;
}

/* Strings are sent with their NUL, so they can be used where they lie. */
static const char *get_string(struct cursor *cursor)
{
	uint32_t length = get_u32(cursor);
	const char *text = get(cursor, (size_t)length + 1);

	if (!cursor->bad && memchr(text, 0, (size_t)length + 1) != text + length)
		cursor->bad = true;
	return cursor->bad ? "" : text;
}

/* A list of strings as a NULL-terminated vector, for exec and putenv. */
static char **get_strings(struct cursor *cursor)
{
	uint32_t count = get_u32(cursor);
	char **list = NULL;

	if (count <= PAYLOAD_MAX / 5)
		list = calloc(count + 1, sizeof(*list));
	if (!list) {
		cursor->bad = true;
		return NULL;
	}
	for (uint32_t i = 0; i < count && !cursor->bad; i++)
		list[i] = (char *)get_string(cursor);
	return list;
}

/* ---- small system things -------------------------------------------------------------------- */

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void make_parents(const char *path)
{
	char copy[4096];

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(copy, 0755);
		*slash = '/';
	}
}

static size_t read_file(const char *path, char *into, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, into, size - 1);

	if (fd >= 0)
		close(fd);
	if (length < 0)
		length = 0;
	into[length] = 0;
	while (length > 0 && into[length - 1] == '\n')
		into[--length] = 0;
	return length;
}

static uint64_t uptime_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

/* ---- jobs and their children ---------------------------------------------------------------- */

static struct job *find_job(uint32_t id)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->kind != FREE && job->id == id)
			return job;
	return NULL;
}

static struct job *new_job(int kind, uint32_t id)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->kind == FREE) {
			memset(job, 0, sizeof(*job));
			job->kind = kind;
			job->id = id;
			job->in = job->out = job->err = job->result = job->left[0] = job->left[1] = -1;
			return job;
		}
	fail(id, EAGAIN, "%d requests are under way already, which is all the agent takes", JOBS);
	return NULL;
}

static void drop_held(struct job *job)
{
	free(job->held);
	job->held = NULL;
	job->held_length = job->held_done = 0;
}

static void close_job(struct job *job)
{
	close_end(&job->in);
	close_end(&job->out);
	close_end(&job->err);
	close_end(&job->result);
}

static void free_job(struct job *job)
{
	close_job(job);
	drop_held(job);
	job->kind = FREE;
}

/* What a child says about itself: errno and text; a worker's whole answer, a command's failure to start. */
static void answer(int result, int error, const char *text)
{
	struct { int32_t error; char text[508]; } reply = { error, "" };

	snprintf(reply.text, sizeof(reply.text), "%s", text);
	if (write(result, &reply, sizeof(reply.error) + strlen(reply.text)) < 0)
		_exit(126);
}

static void answer_failure(int result, const char *what, const char *name)
{
	char text[400];
	int error = errno;

	snprintf(text, sizeof(text), "%s %s: %s", what, name, strerror(error));
	answer(result, error, text);
	_exit(127);
}

/*
 * Forks the child of a job. Everything of the agent is closed on exec; a child that stays the agent's
 * own code closes the other jobs' ends itself, or it would keep their pipes open.
 */
static pid_t fork_child(void)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->kind != FREE)
			close_job(job);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	return 0;
}

static bool open_pipe(int *ours, int *theirs, bool we_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	*ours = ends[we_write];
	*theirs = ends[!we_write];
	set_nonblocking(*ours);
	return true;
}

static bool signal_job(struct job *job, int number)
{
	if (job->pid <= 0)
		return false;
	/* The child may not have come to its setsid() yet. */
	return kill(-job->pid, number) == 0 || kill(job->pid, number) == 0;
}

/* A worker answers one request from a child, because the kernel may keep it there. */
static void work(uint32_t id, struct cursor *payload, int (*task)(struct cursor *, char *text, size_t size))
{
	struct job *job = new_job(WORKER, id);
	int result;

	if (!job)
		return;
	if (!open_pipe(&job->result, &result, false) || (job->pid = fork_child()) < 0) {
		fail(id, errno, "cannot fork: %s", strerror(errno));
		free_job(job);
		return;
	}
	if (job->pid == 0) {
		char text[400] = "";
		int error = task(payload, text, sizeof(text));

		if (payload->bad)
			answer(result, EPROTO, "the request's payload is shorter than it says");
		else
			answer(result, error, error && !*text ? strerror(error) : text);
		_exit(0);
	}
	close(result);
}

static void finish_job(struct job *job)
{
	struct { int32_t error; char text[508]; } said = { 0, "" };
	struct { int32_t code, signal; } end = {
		WIFEXITED(job->status) ? WEXITSTATUS(job->status) : -1,
		WIFSIGNALED(job->status) ? WTERMSIG(job->status) : 0,
	};
	ssize_t length = read(job->result, &said, sizeof(said));

	if (job->held_id && job->held)
		fail(job->held_id, EPIPE, "the command ended before it took its input");
	if (length >= (ssize_t)sizeof(said.error) && said.error)
		send_frame(&ctl.tx, ERROR, job->id, &said, length);
	else if (job->kind == COMMAND)
		send_frame(&ctl.tx, EXIT, job->id, &end, sizeof(end));
	else if (end.signal)
		fail(job->id, EINTR, "the request was killed by signal %d; if nobody sent it, the kernel log says why", end.signal);
	else
		done(job->id, said.text, length > 4 ? length - 4 : 0);
	free_job(job);
}

static void finish_if_over(struct job *job)
{
	if (job->pid == 0 && job->out < 0 && job->err < 0)
		finish_job(job);
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct job *job = jobs; job < jobs + JOBS; job++) {
			if (job->kind == FREE || job->pid != pid)
				continue;
			job->pid = 0;
			job->status = status;
			/* A terminal ends by itself; a pipe may be held by a grandchild, so only what is there now is sent. */
			if (job->out >= 0 && !job->tty && (ioctl(job->out, FIONREAD, &job->left[0]) < 0 || job->left[0] == 0))
				close_end(&job->out);
			if (job->err >= 0 && (ioctl(job->err, FIONREAD, &job->left[1]) < 0 || job->left[1] == 0))
				close_end(&job->err);
			finish_if_over(job);
		}
}

/* Sends one piece of a child's output. */
static void relay(struct job *job, int *fd, int *left, int type)
{
	size_t wanted = *left >= 0 && *left < CHUNK ? *left : CHUNK;
	unsigned char *into;
	ssize_t length;

	if (*fd < 0 || queued(&ctl.tx) >= BULK_MARK || !(into = next_payload(&ctl.tx, CHUNK)))
		return;
	length = read(*fd, into, wanted);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length > 0)
		add_frame(&ctl.tx, type, job->id, length);
	if (length > 0 && *left > 0)
		*left -= length;
	if (length <= 0 || *left == 0)
		close_end(fd);
	finish_if_over(job);
}

static void on_job_out(struct job *job) { relay(job, &job->out, &job->left[0], job->kind == FETCH ? DATA : STDOUT); }
static void on_job_err(struct job *job) { relay(job, &job->err, &job->left[1], STDERR); }

/* Gives a command the input it was sent; the host hears Done when the command has taken all of it. */
static void on_job_in(struct job *job)
{
	ssize_t length;

	if (job->in < 0 || !job->held)
		return;
	length = write(job->in, job->held + job->held_done, job->held_length - job->held_done);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length < 0)
		fail(job->held_id, errno, "the command does not take input any more: %s", strerror(errno));
	else if ((job->held_done += length) < job->held_length)
		return;
	else
		done(job->held_id, NULL, 0);
	drop_held(job);
}

/* ---- requests: commands --------------------------------------------------------------------- */

struct command {
	bool tty, input;
	struct winsize window;
	const char *directory;
	char **argv, **environment;
};

static void become(const struct command *command, int in, int out, int err, int result)
{
	if (command->tty)
		ioctl(in, TIOCSCTTY, 0);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	for (char **variable = command->environment; *variable; variable++)
		putenv(*variable);
	if (*command->directory && chdir(command->directory) < 0)
		answer_failure(result, "cannot enter", command->directory);
	execvp(command->argv[0], command->argv);
	answer_failure(result, "cannot run", command->argv[0]);
}

static bool open_terminal(struct job *job, const struct command *command, int *slave)
{
	char name[64];
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	*slave = -1;
	if (master < 0)
		return false;
	job->out = master;
	job->in = fcntl(master, F_DUPFD_CLOEXEC, 0);
	job->tty = true;
	if (grantpt(master) == 0 && unlockpt(master) == 0 && ptsname_r(master, name, sizeof(name)) == 0)
		*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ioctl(master, TIOCSWINSZ, &command->window);
	return *slave >= 0;
}

static void start(struct job *job, const struct command *command)
{
	int in = -1, out = -1, err = -1, result = -1;
	bool opened = open_pipe(&job->result, &result, false);

	if (opened && command->tty) {
		opened = open_terminal(job, command, &in);
		out = err = in;
	} else if (opened) {
		opened = open_pipe(&job->out, &out, false) && open_pipe(&job->err, &err, false);
		if (opened && command->input)
			opened = open_pipe(&job->in, &in, true);
		else
			in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	if (opened && (job->pid = fork_child()) == 0)
		become(command, in, out, err, result);
	if (!opened || job->pid < 0) {
		fail(job->id, errno, "cannot start %s: %s", command->argv[0], strerror(errno));
		free_job(job);
	}
	close_end(&in);
	if (!command->tty) {
		close_end(&out);
		close_end(&err);
	}
	close_end(&result);
}

static void on_execute(uint32_t id, struct cursor *payload)
{
	uint32_t flags = get_u32(payload), window = get_u32(payload);
	struct command command = {
		.tty = flags & 1, .input = flags & 2,
		.window = { .ws_row = window & 0xffff, .ws_col = window >> 16 },
	};
	struct job *job;

	command.directory = get_string(payload);
	command.argv = get_strings(payload);
	command.environment = get_strings(payload);
	if (!payload->bad && !command.argv[0])
		fail(id, EINVAL, "there is no command in the request");
	else if (!payload->bad && (job = new_job(COMMAND, id)))
		start(job, &command);
	free(command.argv);
	free(command.environment);
}

static struct job *find_command(uint32_t id, uint32_t target)
{
	struct job *job = find_job(target);

	if (!job || job->kind != COMMAND) {
		fail(id, ESRCH, "no command with id %u is running", target);
		return NULL;
	}
	return job;
}

static void on_stdin(uint32_t id, struct cursor *payload)
{
	uint32_t target = get_u32(payload);
	size_t length = payload->end - payload->at;
	struct job *job = payload->bad ? NULL : find_command(id, target);

	if (!job)
		return;
	if (job->in < 0 || job->held) {
		fail(id, job->held ? EBUSY : EPIPE, job->held ? "the command has not taken its last input yet" : "the command's input is closed");
	} else if (length == 0 && !job->tty) {
		close_end(&job->in);
		done(id, NULL, 0);
	} else if (!(job->held = malloc(length + 1))) {
		fail(id, ENOMEM, "no memory for %zu bytes of input", length);
	} else {
		memcpy(job->held, length ? payload->at : (const unsigned char *)"\004", length ? length : 1);
		job->held_length = length ? length : 1;
		job->held_id = id;
		on_job_in(job);
	}
}

static void on_resize(uint32_t id, struct cursor *payload)
{
	uint32_t target = get_u32(payload), size = get_u32(payload);
	struct winsize window = { .ws_row = size & 0xffff, .ws_col = size >> 16 };
	struct job *job = payload->bad ? NULL : find_command(id, target);

	if (!job)
		return;
	if (ioctl(job->out, TIOCSWINSZ, &window) < 0)
		fail(id, errno, "cannot set the window size: %s", strerror(errno));
	else
		done(id, NULL, 0);
}

static void on_signal(uint32_t id, struct cursor *payload)
{
	uint32_t target = get_u32(payload);
	int number = (int)get_u32(payload);
	struct job *job = find_job(target);

	if (payload->bad)
		return;
	if (number < 0 || number > 64) {
		fail(id, EINVAL, "%d is no signal", number);
	} else if (job && job->kind == DEVICE_WAIT) {
		fail(job->id, ECANCELED, "the wait was cancelled");
		free_job(job);
		done(id, NULL, 0);
	} else if (job && job->kind != QUESTION && signal_job(job, number)) {
		done(id, NULL, 0);
	} else {
		fail(id, ESRCH, "no request with id %u is under way", target);
	}
}

/* ---- requests: files ------------------------------------------------------------------------ */

/* Each piece says where it belongs, so that nothing is left open when the host goes away. */
static int push(struct cursor *payload, char *text, size_t size)
{
	uint64_t offset = get_u64(payload);
	uint32_t mode = get_u32(payload);
	const char *path = get_string(payload);
	size_t length = payload->end - payload->at, written = 0;
	int fd, error = 0;

	if (payload->bad)
		return EPROTO;
	if (offset == 0)
		make_parents(path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (offset ? 0 : O_TRUNC), mode & 07777);
	if (fd < 0) {
		error = errno;
		snprintf(text, size, "cannot create %s: %s", path, strerror(error));
		return error;
	}
	if (offset == 0)
		fchmod(fd, mode & 07777);
	else if (lseek(fd, offset, SEEK_SET) < 0)
		error = errno;
	while (written < length && !error) {
		ssize_t step = write(fd, payload->at + written, length - written);

		if (step < 0 && errno != EINTR)
			error = errno;
		else if (step > 0)
			written += step;
	}
	close(fd);
	if (error)
		snprintf(text, size, "cannot write %s: %s", path, strerror(error));
	return error;
}

static void on_push(uint32_t id, struct cursor *payload)
{
	struct cursor look = *payload;
	char text[400] = "";
	const char *path;
	struct stat status;
	int error;

	get(&look, 12);
	path = get_string(&look);
	if (!strncmp(path, "/sys/", 5) || !strncmp(path, "/proc/", 6) || (stat(path, &status) == 0 && !S_ISREG(status.st_mode))) {
		work(id, payload, push);	/* a driver, or nobody, is behind it and may keep us there */
		return;
	}
	error = push(payload, text, sizeof(text));
	if (!payload->bad && error)
		fail(id, error, "%s", text);
	else if (!payload->bad)
		done(id, NULL, 0);
}

static void copy_out(const char *path, int out, int result)
{
	static char piece[CHUNK];
	int fd = open(path, O_RDONLY);
	ssize_t length;

	if (fd < 0)
		answer_failure(result, "cannot open", path);
	while ((length = read(fd, piece, sizeof(piece))) > 0)
		for (ssize_t done = 0, step; done < length; done += step)
			if ((step = write(out, piece + done, length - done)) < 0)
				_exit(1);
	if (length < 0)
		answer_failure(result, "cannot read", path);
	_exit(0);
}

static void on_pull(uint32_t id, struct cursor *payload)
{
	const char *path = get_string(payload);
	struct job *job = payload->bad ? NULL : new_job(FETCH, id);
	int out = -1, result = -1;

	if (!job)
		return;
	if (!open_pipe(&job->result, &result, false) || !open_pipe(&job->out, &out, false) || (job->pid = fork_child()) < 0) {
		fail(id, errno, "cannot read %s: %s", path, strerror(errno));
		free_job(job);
	} else if (job->pid == 0) {
		fcntl(out, F_SETPIPE_SZ, BULK_MARK);
		copy_out(path, out, result);
	}
	close_end(&out);
	close_end(&result);
}

/* ---- modules -------------------------------------------------------------------------------- */

static struct { const char *name; bool by_alias; char path[4096]; } sought;

/* The NUL-separated "key=value" strings of a module's .modinfo section, mapped. */
static const char *modinfo(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	const char *file;
	const Elf64_Ehdr *elf;
	const Elf64_Shdr *sections, *names;

	if (fd < 0)
		return NULL;
	file = fstat(fd, &status) < 0 ? MAP_FAILED : mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		return NULL;
	elf = (const void *)file;
	if (status.st_size < (off_t)sizeof(*elf) || memcmp(elf->e_ident, ELFMAG, SELFMAG) || elf->e_ident[EI_CLASS] != ELFCLASS64
	    || elf->e_shstrndx >= elf->e_shnum || elf->e_shoff + (uint64_t)elf->e_shnum * sizeof(*sections) > (uint64_t)status.st_size)
		return NULL;
	sections = (const void *)(file + elf->e_shoff);
	names = &sections[elf->e_shstrndx];
	for (int i = 0; i < elf->e_shnum; i++)
		if (names->sh_offset + sections[i].sh_name + sizeof(".modinfo") <= (uint64_t)status.st_size
		    && !memcmp(file + names->sh_offset + sections[i].sh_name, ".modinfo", sizeof(".modinfo"))
		    && sections[i].sh_offset + sections[i].sh_size <= (uint64_t)status.st_size) {
			*length = sections[i].sh_size;
			return file + sections[i].sh_offset;
		}
	return NULL;
}

static bool same_module(const char *file, const char *name)
{
	for (; *name; name++, file++)
		if ((*file == '-' ? '_' : *file) != (*name == '-' ? '_' : *name))
			return false;
	return !strcmp(file, ".ko");
}

static bool answers_alias(const char *path, const char *alias)
{
	size_t length = 0;
	const char *info = modinfo(path, &length);

	for (size_t at = 0; info && at < length; at += strnlen(info + at, length - at) + 1)
		if (!strncmp(info + at, "alias=", 6) && !fnmatch(info + at + 6, alias, 0))
			return true;
	return false;
}

static int seek_module(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	size_t length = strlen(path);

	(void)status;
	if (kind != FTW_F || length < 3 || strcmp(path + length - 3, ".ko"))
		return 0;
	if (sought.by_alias ? !answers_alias(path, sought.name) : !same_module(path + place->base, sought.name))
		return 0;
	snprintf(sought.path, sizeof(sought.path), "%s", path);
	return 1;
}

static bool find_module(const char *name, char *path, size_t size)
{
	char tree[300];
	struct utsname kernel;

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		return true;
	}
	uname(&kernel);
	snprintf(tree, sizeof(tree), "/lib/modules/%s", kernel.release);
	for (int pass = 0; pass < 2; pass++) {
		sought.name = name;
		sought.by_alias = pass == 1;
		if (nftw(tree, seek_module, 16, FTW_PHYS) == 1) {
			snprintf(path, size, "%s", sought.path);
			return true;
		}
	}
	return false;
}

static const char *module_error(int error)
{
	switch (error) {
	case ENOENT: return "it needs a symbol that nothing loaded provides; the kernel log names it";
	case EEXIST: return "it is loaded already";
	case ENOEXEC: return "it is not a module for this kernel; the kernel log says why";
	case EINVAL: return "invalid module or parameter; the kernel log says which";
	case ENODEV: return "its init function found no device";
	case EKEYREJECTED: return "its signature is missing or wrong and this kernel insists on one";
	case EBUSY: return "a resource it claims is taken";
	default: return strerror(error);
	}
}

static bool is_loaded(const char *name, size_t length)
{
	char path[300];

	snprintf(path, sizeof(path), "/sys/module/%.*s", (int)length, name);
	for (char *dash = path + 12; *dash; dash++)
		if (*dash == '-')
			*dash = '_';
	return access(path, F_OK) == 0;
}

static int load_module(const char *name, const char *parameters, int depth, char *text, size_t size);

/* Loads what a list of names separated by commas or spaces stands for. */
static int load_all(const char *names, bool must, int depth, char *text, size_t size)
{
	while (*names) {
		size_t length = strcspn(names, ", ");
		char one[128];
		int error = 0;

		snprintf(one, sizeof(one), "%.*s", (int)length, names);
		if (one[0] && one[length < sizeof(one) ? length - 1 : 0] == ':')
			return 0;		/* "post:" begins: those come after, and nobody waits for them */
		if (one[0] && !is_loaded(one, length))
			error = load_module(one, "", depth + 1, text, size);
		if (error && error != EEXIST && must)
			return error;
		names += length + (names[length] != 0);
	}
	return 0;
}

static int load_needs(const char *path, int depth, char *text, size_t size)
{
	size_t length = 0;
	const char *info = modinfo(path, &length);
	int error = 0;

	for (size_t at = 0; info && at < length && !error; at += strnlen(info + at, length - at) + 1) {
		if (!strncmp(info + at, "depends=", 8))
			error = load_all(info + at + 8, true, depth, text, size);
		else if (!strncmp(info + at, "softdep=pre: ", 13))
			load_all(info + at + 13, false, depth, text, size);
	}
	return error;
}

static int load_module(const char *name, const char *parameters, int depth, char *text, size_t size)
{
	char path[4096];
	int fd, error;

	if (depth > 16 || !find_module(name, path, sizeof(path))) {
		snprintf(text, size, "no module %s in the guest's /lib/modules%s", name,
			is_loaded(name, strlen(name)) ? ", but the kernel has it: built in, or loaded already" : "");
		return ENOENT;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		error = errno;
		snprintf(text, size, "cannot open %s: %s", path, strerror(error));
		return error;
	}
	error = load_needs(path, depth, text, size);
	if (!error && syscall(SYS_finit_module, fd, parameters, 0) < 0) {
		error = errno;
		snprintf(text, size, "%s: %s", name, module_error(error));
	}
	close(fd);
	return error;
}

static int load_task(struct cursor *payload, char *text, size_t size)
{
	const char *name = get_string(payload), *parameters = get_string(payload);

	return payload->bad ? EPROTO : load_module(name, parameters, 0, text, size);
}

static int unload_task(struct cursor *payload, char *text, size_t size)
{
	const char *name = get_string(payload);
	int error;

	if (payload->bad || syscall(SYS_delete_module, name, O_NONBLOCK) == 0)
		return 0;
	error = errno;
	snprintf(text, size, "%s: %s", name, error == ENOENT ? "it is not loaded" : error == EWOULDBLOCK ? "it is in use"
		: error == EBUSY ? "it is still being initialised, or has no exit function" : strerror(error));
	return error;
}

/* The modules without which there is no channel to the host. */
static void load_boot_modules(void)
{
	FILE *order = fopen("/lib/modules/boot-order", "re");
	char path[4096];

	while (order && fgets(path, sizeof(path), order)) {
		int fd;

		path[strcspn(path, "\n")] = 0;
		if (!*path)
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
			say("cannot load %s: %s", path, fd < 0 ? strerror(errno) : module_error(errno));
		close_end(&fd);
	}
	if (order)
		fclose(order);
}

/* ---- waiting for devices -------------------------------------------------------------------- */

/* Does every KEY=PATTERN of `wanted` have its like among the NUL-separated keys? */
static bool matches(const char *wanted, const char *keys, size_t length)
{
	char term[512];

	while (*wanted) {
		size_t step = strcspn(wanted, " ");
		bool found = step == 0;

		snprintf(term, sizeof(term), "%.*s", (int)step, wanted);
		for (size_t at = 0; !found && at < length; at += strlen(keys + at) + 1)
			found = !fnmatch(term, keys + at, 0);
		if (!found)
			return false;
		wanted += step + (wanted[step] != 0);
	}
	return true;
}

/* The keys of a device that is there already, as its "add" event had them, as far as sysfs still knows. */
static size_t keys_of(const char *uevent_path, char *keys, size_t size)
{
	char directory[4096], real[4096];
	const char *subsystem = uevent_path + (strncmp(uevent_path, "/sys/bus/", 9) ? 11 : 9);
	size_t length;

	snprintf(directory, sizeof(directory), "%.*s", (int)(strlen(uevent_path) - sizeof("/uevent") + 1), uevent_path);
	if (!realpath(directory, real))
		return 0;
	length = snprintf(keys, size, "ACTION=add\nSUBSYSTEM=%.*s\nDEVPATH=%s\n", (int)strcspn(subsystem, "/"), subsystem, real + 4);
	length += read_file(uevent_path, keys + length, size - length);
	for (char *at = keys; at < keys + length; at++)
		if (*at == '\n')
			*at = 0;
	return length;
}

static bool find_device(const char *wanted, char *keys, size_t size, size_t *length)
{
	const char *named = strstr(wanted, "SUBSYSTEM=");
	const char *subsystem = named ? named + 10 : "*";
	char patterns[2][600];
	glob_t paths;
	bool found = false;

	snprintf(patterns[0], sizeof(patterns[0]), "/sys/class/%.*s/*/uevent", (int)strcspn(subsystem, " "), subsystem);
	snprintf(patterns[1], sizeof(patterns[1]), "/sys/bus/%.*s/devices/*/uevent", (int)strcspn(subsystem, " "), subsystem);
	for (int i = 0; i < 2 && !found; i++) {
		if (glob(patterns[i], GLOB_NOSORT, NULL, &paths))
			continue;
		for (size_t j = 0; j < paths.gl_pathc && !found; j++) {
			*length = keys_of(paths.gl_pathv[j], keys, size);
			found = *length && matches(wanted, keys, *length);
		}
		globfree(&paths);
	}
	return found;
}

static void found_device(uint32_t id, const char *keys, size_t length)
{
	scratch.length = 0;
	put(&scratch, keys, length);
	for (size_t i = 0; i < scratch.length; i++)
		if (scratch.data[i] == 0)
			scratch.data[i] = '\n';
	done(id, scratch.data, scratch.length);
}

/* Looks whether what was asked for is there now. */
static bool answer_wait(uint32_t id, const char *wanted)
{
	char keys[8192];
	size_t length = 0;
	glob_t paths;

	if (*wanted != '/') {
		if (!find_device(wanted, keys, sizeof(keys), &length))
			return false;
		found_device(id, keys, length);
		return true;
	}
	if (glob(wanted, GLOB_NOSORT, NULL, &paths))
		return false;
	done(id, paths.gl_pathv[0], strlen(paths.gl_pathv[0]));
	globfree(&paths);
	return true;
}

static void on_wait_device(uint32_t id, struct cursor *payload)
{
	const char *wanted = get_string(payload);
	struct job *job;

	if (payload->bad)
		return;
	if (*wanted != '/' && !strchr(wanted, '=')) {
		fail(id, EINVAL, "'%s' is neither a path nor KEY=VALUE words", wanted);
		return;
	}
	if (answer_wait(id, wanted) || !(job = new_job(DEVICE_WAIT, id)))
		return;
	if (!(job->held = (unsigned char *)strdup(wanted))) {
		fail(id, ENOMEM, "no memory for the wait");
		free_job(job);
	}
}

static void open_ports(void);

static void on_uevent(struct job *unused)
{
	static char event[16384];
	ssize_t length = recv(uevents, event, sizeof(event) - 1, MSG_DONTWAIT);
	bool overrun = length < 0 && errno == ENOBUFS;
	size_t first;

	(void)unused;
	if (length <= 0 && !overrun)
		return;
	length = overrun ? 0 : length;
	event[length] = 0;
	first = strlen(event) + (length != 0);	/* "add@/devices/..." and then the keys */
	open_ports();
	for (struct job *job = jobs; job < jobs + JOBS; job++) {
		const char *wanted = (const char *)job->held;

		if (job->kind != DEVICE_WAIT)
			continue;
		if (!overrun && *wanted != '/') {
			if (!matches(wanted, event + first, length - first))
				continue;
			found_device(job->id, event + first, length - first);
		} else if (!answer_wait(job->id, wanted)) {
			continue;
		}
		free_job(job);
	}
}

/* ---- requests: the machine ------------------------------------------------------------------ */

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

static void flush(struct channel *channel);

static void on_power_off(uint32_t id, struct cursor *payload)
{
	(void)payload;
	if (!is_init) {
		fail(id, EPERM, "this agent is not the guest's init");
		return;
	}
	done(id, NULL, 0);
	flush(&ctl);
	if (fork_child() == 0) {
		sync();
		reboot(RB_POWER_OFF);
		say("cannot power off: %s", strerror(errno));
		_exit(1);
	}
}

static void start_session(void);

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

/* ---- questions of the guest to the host: `device NAME WORDS...` ------------------------------- */

static void on_question(struct job *unused)
{
	int fd = accept4(questions, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct job *job = NULL;
	int waiting = 0;

	(void)unused;
	if (fd < 0)
		return;
	for (struct job *other = jobs; other < jobs + JOBS; other++)
		waiting += other->kind == QUESTION;
	if (in_session && waiting < QUESTIONS)
		job = new_job(QUESTION, OWN_ID | next_question++);
	if (!job || !(job->held = malloc(CHUNK))) {
		if (job)
			free_job(job);
		close(fd);
		return;
	}
	job->in = fd;
}

/* The asker sends its words, each with its NUL, and closes its half; then the host is asked. */
static void on_question_words(struct job *job)
{
	ssize_t length;

	if (job->kind != QUESTION || job->in < 0)
		return;
	length = read(job->in, job->held + job->held_length, CHUNK - job->held_length);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length > 0)
		job->held_length += length;
	if (length > 0 && job->held_length < CHUNK)
		return;
	if (length != 0 || !job->held_length || job->held[job->held_length - 1] != 0) {
		free_job(job);
		return;
	}
	job->out = job->in;		/* from now on only the answer is awaited */
	job->in = -1;
	scratch.length = 4;
	uint32_t count = 0;
	for (size_t at = 0; at < job->held_length && scratch.length < CHUNK; at += strlen((char *)job->held + at) + 1, count++)
		put_string(&scratch, (char *)job->held + at);
	memcpy(scratch.data, &count, sizeof(count));
	send_frame(&ctl.tx, DEVICE_COMMAND, job->id, scratch.data, scratch.length);
}

static void on_device_reply(uint32_t id, struct cursor *payload)
{
	struct job *job = find_job(id);
	int32_t code = (int32_t)get_u32(payload);
	const char *text = get_string(payload);

	if (payload->bad || !job || job->kind != QUESTION)
		return;				/* the asker may have gone */
	fcntl(job->out, F_SETFL, 0);
	struct timeval patience = { 1, 0 };
	setsockopt(job->out, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (write(job->out, &code, sizeof(code)) == sizeof(code) && write(job->out, text, strlen(text)) < 0)
		say("the answer to a device command was lost: %s", strerror(errno));
	free_job(job);
}

static void on_question_gone(struct job *job)
{
	if (job->kind == QUESTION)
		free_job(job);
}

static const char *socket_path(void)
{
	const char *path = getenv("UNDERSTUDY_SOCKET");

	return path ? path : "/run/understudy.sock";
}

static struct sockaddr_un socket_address(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path());
	return address;
}

/* The other side of it: the program `device`. */
static int ask_host(char **words)
{
	struct sockaddr_un address = socket_address();
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int32_t code;
	char text[4096];
	ssize_t length;

	if (!*words) {
		dprintf(2, "usage: device NAME WORDS...\n");
		return 2;
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		dprintf(2, "device: %s: %s\n", address.sun_path, strerror(errno));
		return 125;
	}
	for (; *words; words++)
		if (write(fd, *words, strlen(*words) + 1) < 0)
			break;
	shutdown(fd, SHUT_WR);
	if (recv(fd, &code, sizeof(code), MSG_WAITALL) != sizeof(code)) {
		dprintf(2, "device: the host does not answer\n");
		return 125;
	}
	while ((length = read(fd, text, sizeof(text))) > 0)
		if (write(1, text, length) < 0)
			return 125;
	return code;
}

/* ---- the two channels ----------------------------------------------------------------------- */

static void flush(struct channel *channel)
{
	struct queue *queue = &channel->tx;

	while (channel->up && queued(queue)) {
		ssize_t length = write(channel->out, queue->data + queue->head, queued(queue));

		if (length <= 0)
			break;
		queue->head += length;
	}
	if (!queued(queue))
		queue->head = queue->tail = 0;
}

/* Ends what an earlier client of the host had under way: its ids mean nothing to the next one. */
static void end_jobs(void)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->kind != FREE) {
			signal_job(job, SIGKILL);
			free_job(job);
		}
}

static void start_session(void)
{
	end_jobs();
	in_session = true;
}

/*
 * A virtio-serial port whose host end is closed polls as hung up for ever; SIGIO tells when it opens.
 * The signal comes with every byte too, so it is only asked for while the host is away.
 */
static void await_host(struct channel *channel)
{
	struct pollfd port = { channel->out, 0, 0 };

	fcntl(channel->out, F_SETOWN, getpid());
	fcntl(channel->out, F_SETFL, O_NONBLOCK | O_ASYNC);
	poll(&port, 1, 0);
	channel->up = !(port.revents & (POLLHUP | POLLERR | POLLNVAL));
	if (channel->up)
		fcntl(channel->out, F_SETFL, O_NONBLOCK);
}

static void host_left(struct channel *channel)
{
	channel->up = false;
	channel->tx.head = channel->tx.tail = 0;
	if (channel == &ctl) {
		end_jobs();
		in_session = false;
		rx_length = 0;
	}
	if (!is_init)
		exit(0);
	await_host(channel);
}

static void open_port(struct channel *channel, const char *device)
{
	char path[300];

	snprintf(path, sizeof(path), "/dev/%s", device);
	channel->in = channel->out = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (channel->out < 0)
		say("cannot open %s: %s", path, strerror(errno));
	else
		await_host(channel);
}

static void open_ports(void)
{
	DIR *ports = ctl.out >= 0 && klog.out >= 0 ? NULL : opendir("/sys/class/virtio-ports");
	struct dirent *entry;

	while (is_init && ports && (entry = readdir(ports))) {
		char path[400], name[64];

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		read_file(path, name, sizeof(name));
		if (ctl.out < 0 && !strcmp(name, "understudy.ctl"))
			open_port(&ctl, entry->d_name);
		if (klog.out < 0 && !strcmp(name, "understudy.log"))
			open_port(&klog, entry->d_name);
	}
	if (ports)
		closedir(ports);
}

static void (*const requests[REQUESTS])(uint32_t, struct cursor *) = {
	[HELLO] = on_hello, [PING] = on_ping, [EXECUTE] = on_execute, [STDIN] = on_stdin, [SIGNAL] = on_signal,
	[RESIZE] = on_resize, [PUSH] = on_push, [PULL] = on_pull, [LOAD_MODULE] = on_load_module,
	[UNLOAD_MODULE] = on_unload_module, [WAIT_DEVICE] = on_wait_device, [SET_TIME] = on_set_time, [MOUNT] = on_mount,
	[SYSRQ] = on_sysrq, [POWER_OFF] = on_power_off, [DEVICE_REPLY] = on_device_reply,
};

static void handle(const struct header *header, const unsigned char *body)
{
	struct cursor payload = { body, body + header->length, false };

	if (header->type >= REQUESTS || !requests[header->type]) {
		fail(header->id, ENOSYS, "there is no request of type %u", header->type);
	} else if (header->type != DEVICE_REPLY && header->type != HELLO && (header->id & OWN_ID || find_job(header->id))) {
		fail(header->id, EINVAL, "id %u is in use or not the host's to choose", header->id);
	} else {
		requests[header->type](header->id, &payload);
		if (payload.bad)
			fail(header->id, EPROTO, "the payload of request type %u is shorter than it says", header->type);
	}
}

/* Takes one frame off the front of rx; returns how many bytes it was, 0 when more must come. */
static size_t take_frame(const unsigned char *at, size_t length)
{
	struct header header;

	if (length < sizeof(header))
		return 0;
	memcpy(&header, at, sizeof(header));
	if (header.magic != MAGIC || header.length > PAYLOAD_MAX) {
		if (!skipping_junk && header.magic != MAGIC)
			fail(0, EPROTO, "no frame begins here; skipping to the next that does");
		else if (!skipping_junk)
			fail(header.id, EMSGSIZE, "a frame of %u bytes is too long, the limit is %d", header.length, PAYLOAD_MAX);
		skipping_junk = true;
		return 1;
	}
	if (length < sizeof(header) + header.length)
		return 0;
	skipping_junk = false;
	handle(&header, at + sizeof(header));
	return sizeof(header) + header.length;
}

/* Handles what has come in whole, unless the host does not take our answers. */
static bool take_frames(void)
{
	size_t at = 0, step;

	while (queued(&ctl.tx) < REQUEST_MARK && (step = take_frame(rx + at, rx_length - at)))
		at += step;
	memmove(rx, rx + at, rx_length - at);
	rx_length -= at;
	return at > 0;
}

static void on_control(struct job *unused)
{
	ssize_t length;

	(void)unused;
	/* The port gives a page at a time: take all there is before going round again. */
	while (rx_length < sizeof(rx) && (length = read(ctl.in, rx + rx_length, sizeof(rx) - rx_length)) > 0)
		rx_length += length;
	if (rx_length < sizeof(rx) && (length == 0 || (errno != EAGAIN && errno != EINTR)))
		host_left(&ctl);
}

/* One record: "priority,sequence,microseconds,flags;text\n" and lines of properties nobody asked for. */
static void on_kmsg(struct job *unused)
{
	static char record[RECORD_MAX + 1];
	struct { uint64_t sequence, time; uint32_t priority; char text[RECORD_MAX]; } out;

	(void)unused;
	for (int i = 0; i < 64 && klog.tx.size - queued(&klog.tx) > RECORD_MAX + 64; i++) {
		ssize_t length = read(kmsg, record, RECORD_MAX);
		unsigned long long sequence, time;
		const char *text;
		size_t text_length;

		if (length < 0 && errno == EPIPE)
			continue;		/* overwritten before we came; the next record's number shows how many */
		if (length <= 0)
			return;
		record[length] = 0;
		text = strchr(record, ';');
		if (!text || sscanf(record, "%u,%llu,%llu", &out.priority, &sequence, &time) != 3)
			continue;
		text_length = strcspn(++text, "\n");
		out.sequence = sequence;
		out.time = time;
		memcpy(out.text, text, text_length);
		send_frame(&klog.tx, LOG_RECORD, 0, &out, 20 + text_length);
	}
}

static void on_heartbeat(struct job *unused)
{
	struct { uint64_t uptime, taint; uint32_t load[3]; } beat;
	struct sysinfo info;
	uint64_t ticks;
	char taint[32];

	(void)unused;
	if (read(timer, &ticks, sizeof(ticks)) < 0 || !in_session || queued(&ctl.tx) > REQUEST_MARK)
		return;
	sysinfo(&info);
	read_file("/proc/sys/kernel/tainted", taint, sizeof(taint));
	beat.uptime = uptime_us();
	beat.taint = strtoull(taint, NULL, 10);
	for (int i = 0; i < 3; i++)
		beat.load[i] = info.loads[i] * 100 >> SI_LOAD_SHIFT;
	send_frame(&ctl.tx, HEARTBEAT, 0, &beat, 28);
}

static void on_signals(struct job *unused)
{
	struct signalfd_siginfo signal;

	(void)unused;
	while (read(signals, &signal, sizeof(signal)) == sizeof(signal))
		if (signal.ssi_signo == SIGIO) {
			if (ctl.out >= 0 && !ctl.up)
				await_host(&ctl);
			if (klog.out >= 0 && !klog.up)
				await_host(&klog);
		}
	reap();
}

/* ---- the loop ------------------------------------------------------------------------------- */

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
		watch(ctl.up && queued(&ctl.tx) ? ctl.out : -1, POLLOUT, on_writable, NULL);
		watch(signals, POLLIN, on_signals, NULL);
		watch(timer, POLLIN, on_heartbeat, NULL);
		watch(uevents, POLLIN, on_uevent, NULL);
		watch(questions, POLLIN, on_question, NULL);
		watch(klog.up ? klog.out : -1, queued(&klog.tx) ? POLLOUT : 0, on_writable, NULL);
		watch(klog.up && klog.tx.size - queued(&klog.tx) > RECORD_MAX + 64 ? kmsg : -1, POLLIN, on_kmsg, NULL);
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

/* ---- coming up ------------------------------------------------------------------------------ */

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

static void bring_up_guest(void)
{
	int fd;

	mount_one("devtmpfs", "/dev", "");
	mount_one("proc", "/proc", "");
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
