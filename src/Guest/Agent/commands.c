/* SPDX-License-Identifier: Apache-2.0 */
/* Execute, Stdin, Resize, Signal. */

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
