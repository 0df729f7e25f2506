/* What the library of the VFIO selftests calls, and its releases until 7.2.12 do not define. */
#ifndef UNDERSTUDY_CALLOC_ASSERT_H
#define UNDERSTUDY_CALLOC_ASSERT_H

#include <stdio.h>
#include <stdlib.h>

static inline void *calloc_assert(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory) {
		perror("calloc");
		exit(1);
	}
	return memory;
}

#endif
