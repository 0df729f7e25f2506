/* SPDX-License-Identifier: Apache-2.0 */
/* LoadModule, UnloadModule, and modprobe: names, aliases and dependencies from the modules themselves. */

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
