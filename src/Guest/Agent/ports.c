/* SPDX-License-Identifier: Apache-2.0 */
/* The two ports: whether the host is there, and what waits to be sent to it. */

/*
 * A kernel that shuts down breaks the ports' device, whose ports then take nothing and poll as writable. Who goes on asking keeps
 * the CPU for good, since the kernel's next step stops its timers, and the machine never gets to its end.
 */
static void flush(struct channel *channel)
{
	struct queue *queue = &channel->tx;

	while (channel->up && queued(queue)) {
		ssize_t length = write(channel->out, queue->data + queue->head, queued(queue));

		channel->refuses = length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR);
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
	if (on_lines)
		return;

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
	/* Such a guest is one program of the host's: with nobody to work for, it ends. */
	if (on_lines)
		reboot(RB_POWER_OFF);
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

/*
 * A machine without virtio-serial (User Mode Linux) names two of its lines instead: understudy.ctl=tty1.
 * One byte tells the host that the line is raw: what it sends before, the line would edit and echo.
 */
static void open_line(struct channel *channel, const char *cmdline, const char *key)
{
	const char *at = strstr(cmdline, key);
	char name[64], path[80];
	struct termios raw;

	if (!at || sscanf(at + strlen(key), "%63s", name) != 1)
		return;
	snprintf(path, sizeof(path), "/dev/%s", name);
	channel->in = channel->out = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (channel->out < 0 || tcgetattr(channel->out, &raw) < 0) {
		say("cannot open %s: %s", path, strerror(errno));
		return;
	}
	cfmakeraw(&raw);
	tcsetattr(channel->out, TCSANOW, &raw);
	on_lines = channel->up = true;
	if (write(channel->out, "U", 1) != 1)
		say("cannot write to %s: %s", path, strerror(errno));
}

static void open_lines(void)
{
	char cmdline[4096];

	read_file("/proc/cmdline", cmdline, sizeof(cmdline));
	open_line(&ctl, cmdline, "understudy.ctl=");
	open_line(&klog, cmdline, "understudy.log=");
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
