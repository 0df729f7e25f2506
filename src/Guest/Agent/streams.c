/* SPDX-License-Identifier: Apache-2.0 */
/* What flows: requests in; the kernel log, heartbeats and the ends of children out. */

static void (*const requests[REQUESTS])(uint32_t, struct cursor *) = {
	[HELLO] = on_hello, [PING] = on_ping, [EXECUTE] = on_execute, [STDIN] = on_stdin, [SIGNAL] = on_signal,
	[RESIZE] = on_resize, [PUSH] = on_push, [PULL] = on_pull, [LOAD_MODULE] = on_load_module,
	[UNLOAD_MODULE] = on_unload_module, [WAIT_DEVICE] = on_wait_device, [SET_TIME] = on_set_time, [MOUNT] = on_mount,
	[SYSRQ] = on_sysrq, [POWER_OFF] = on_power_off, [DEVICE_REPLY] = on_device_reply,
	[SEED] = on_seed,
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

static uint64_t logged;

static bool log_has_room(void)
{
	return klog.tx.size - queued(&klog.tx) > RECORD_MAX + 64;
}

/* One record: "priority,sequence,microseconds,flags;text\n" and lines of properties nobody asked for. False when there is none. */
static bool take_record(void)
{
	static char record[RECORD_MAX + 1];
	struct { uint64_t sequence, time; uint32_t priority; char text[RECORD_MAX]; } out;
	ssize_t length = read(kmsg, record, RECORD_MAX);
	unsigned long long sequence, time;
	const char *text;
	size_t text_length;

	if (length <= 0)
		return length < 0 && errno == EPIPE;	/* overwritten before we came; the next record's number shows how many */
	record[length] = 0;
	text = strchr(record, ';');
	if (!text || sscanf(record, "%u,%llu,%llu", &out.priority, &sequence, &time) != 3)
		return true;
	text_length = strcspn(++text, "\n");
	out.sequence = sequence;
	out.time = time;
	memcpy(out.text, text, text_length);
	send_frame(&klog.tx, LOG_RECORD, 0, &out, 20 + text_length);
	logged = sequence + 1;
	return true;
}

static void on_kmsg(struct job *unused)
{
	(void)unused;
	for (int i = 0; i < 64 && log_has_room() && take_record(); i++)
		;
}

/* The most records that the kernel can have kept: one for every 32 bytes of its buffer (PRB_AVGBITS, kernel/printk/printk.c). */
static long records_kept(void)
{
	enum { SIZE_BUFFER = 10 };

	return klogctl(SIZE_BUFFER, NULL, 0) / 32;
}

/*
 * What the kernel has said so far is on its way before what comes of it is told; a flood goes on meanwhile, and what it adds
 * is not waited for. Nor is a host that takes nothing for LOG_PATIENCE. Returns the number after the last record that is.
 */
static uint64_t tell_log(void)
{
	struct pollfd port = { klog.out, POLLOUT, 0 };

	if (!klog.up || kmsg < 0)
		return 0;
	for (long rest = records_kept(); rest > 0;) {
		while (rest > 0 && log_has_room() && take_record())
			rest--;
		if (log_has_room() || klog.refuses || poll(&port, 1, LOG_PATIENCE) <= 0 || !(port.revents & POLLOUT))
			break;
		flush(&klog);
	}
	return logged;
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
