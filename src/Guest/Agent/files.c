/* SPDX-License-Identifier: Apache-2.0 */
/* Push and Pull. */

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
	if (!strncmp(path, "/sys/", 5) || !strncmp(path, "/proc/", 6)
	    || (strcmp(path, "/dev/kmsg") && stat(path, &status) == 0 && !S_ISREG(status.st_mode))) {
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
