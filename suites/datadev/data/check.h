/* SPDX-License-Identifier: Apache-2.0 */
/* Checks as KTAP lines, and the card's own account of what it did. */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks, failures;

static int check(int holds, const char *name, const char *format, ...)
{
	va_list args;

	printf("%s %d - %s\n", holds ? "ok" : "not ok", ++checks, name);
	if (!holds) {
		failures++;
		printf("# ");
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		printf(" (errno %d: %s)\n", errno, strerror(errno));
	}
	fflush(stdout);
	return holds;
}

static void die(const char *format, ...)
{
	va_list args;

	printf("Bail out! ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" (errno %d: %s)\n", errno, strerror(errno));
	exit(1);
}

/* The card's own account; -1 of what it does not keep. */
static long long account(const char *name)
{
	char line[256];
	long long value = -1;
	FILE *pipe;

	snprintf(line, sizeof(line), "device dma count %s", name);
	pipe = popen(line, "r");
	if (!pipe || fscanf(pipe, "%lld", &value) != 1)
		die("the card does not tell '%s'", name);
	pclose(pipe);
	return value;
}

/* A line of /proc/meminfo, in kilobytes. */
static long meminfo(const char *field)
{
	char line[256];
	size_t length = strlen(field);
	long value = -1;
	FILE *info = fopen("/proc/meminfo", "r");

	while (info && value < 0 && fgets(line, sizeof(line), info))
		if (!strncmp(line, field, length) && line[length] == ':')
			value = atol(line + length + 1);
	if (value < 0)
		die("no %s in /proc/meminfo", field);
	fclose(info);
	return value;
}

/* The same once it is between these bounds, or what it still is after ten seconds: what was freed may come back a little later, from RCU. */
static long meminfo_settled(const char *field, long least, long most)
{
	long value = meminfo(field);
	int tries;

	for (tries = 0; tries < 100 && (value < least || value > most); tries++) {
		poll(NULL, 0, 100);
		value = meminfo(field);
	}
	return value;
}

#endif
