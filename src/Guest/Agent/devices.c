/* SPDX-License-Identifier: Apache-2.0 */
/* WaitDevice: sysfs as it is, then the kernel's events. */

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

static bool take_uevent(void)
{
	static char event[16384];
	ssize_t length = recv(uevents, event, sizeof(event) - 1, MSG_DONTWAIT);
	bool overrun = length < 0 && errno == ENOBUFS;
	size_t first;

	if (length <= 0 && !overrun)
		return false;
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
	return true;
}

static void on_uevent(struct job *unused)
{
	(void)unused;
	for (int i = 0; i < 64 && take_uevent(); i++)
		;
}
