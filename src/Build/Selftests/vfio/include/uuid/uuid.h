/* The one function of libuuid that the kernel's VFIO selftests call. */
#ifndef UNDERSTUDY_UUID_H
#define UNDERSTUDY_UUID_H

#include <stdio.h>

typedef unsigned char uuid_t[16];

static inline int uuid_parse(const char *text, uuid_t uuid)
{
	int i, digits;

	for (i = 0; i < 16; i++, text += 2) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return -1;
		if (sscanf(text, "%2hhx%n", &uuid[i], &digits) != 1 || digits != 2)
			return -1;
	}
	return *text ? -1 : 0;
}

#endif
