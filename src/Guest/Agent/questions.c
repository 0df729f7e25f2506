/* SPDX-License-Identifier: Apache-2.0 */
/* Questions of the guest to the host: `device NAME WORDS...`. */

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
		job = try_new_job(QUESTION, OWN_ID | next_question++);
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
	uint32_t count = 0;

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
	/* An asker that does not read loses what its socket has no room for; the loop waits for nobody. */
	if (write(job->out, &code, sizeof(code)) != sizeof(code) || write(job->out, text, strlen(text)) != (ssize_t)strlen(text))
		say("the answer to a device command could not be given whole");
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
