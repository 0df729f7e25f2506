/* SPDX-License-Identifier: Apache-2.0 */
/* A real-time task that never sleeps, with the kernel's safety net taken away: on the only CPU, nothing else runs any more. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	struct sched_param most = { .sched_priority = 99 };
	int fd = open("/proc/sys/kernel/sched_rt_runtime_us", O_WRONLY);

	if (write(fd, "-1", 2) < 0 || syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &most) < 0) {
		perror("hog");
		return 1;
	}
	for (;;)
		;
}
