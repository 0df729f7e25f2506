/* SPDX-License-Identifier: Apache-2.0 */
/* What is under way: children, their output, and how they end. */

static struct job *find_job(uint32_t id)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->kind != FREE && job->id == id)
			return job;
	return NULL;
}

static struct job *try_new_job(int kind, uint32_t id)
{
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->kind == FREE) {
			memset(job, 0, sizeof(*job));
			job->kind = kind;
			job->id = id;
			job->in = job->out = job->err = job->result = job->left[0] = job->left[1] = -1;
			return job;
		}
	return NULL;
}

static struct job *new_job(int kind, uint32_t id)
{
	struct job *job = try_new_job(kind, id);

	if (!job)
		fail(id, EAGAIN, "%d requests are under way already, which is all the agent takes", JOBS);
	return job;
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
	struct { int32_t code, signal; uint64_t logged; } end = {
		WIFEXITED(job->status) ? WEXITSTATUS(job->status) : -1,
		WIFSIGNALED(job->status) ? WTERMSIG(job->status) : 0,
		tell_log(),
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
