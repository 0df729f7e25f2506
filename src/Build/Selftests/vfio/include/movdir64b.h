/*
 * MOVDIR64B of (%rdx) to (%rax), by which the DSA driver of the selftests submits a descriptor, as eight stores: emulated processors lack it,
 * and the device behind one sees eight stores either way. On a processor that has it nothing is caught.
 */
#ifndef UNDERSTUDY_MOVDIR64B_H
#define UNDERSTUDY_MOVDIR64B_H

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

static void understudy_invalid_opcode(int number, siginfo_t *info, void *context)
{
	static const uint8_t movdir64b[] = { 0x66, 0x0f, 0x38, 0xf8, 0x02 };
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	const uint64_t *from = (const uint64_t *)registers[REG_RDX];
	volatile uint64_t *to = (volatile uint64_t *)registers[REG_RAX];
	int i;

	(void)info;
	if (memcmp((const void *)registers[REG_RIP], movdir64b, sizeof(movdir64b))) {
		signal(number, SIG_DFL);
		return;
	}
	for (i = 0; i < 8; i++)
		to[i] = from[i];
	registers[REG_RIP] += sizeof(movdir64b);
}

static void __attribute__((constructor)) understudy_catch_invalid_opcode(void)
{
	struct sigaction action = { .sa_sigaction = understudy_invalid_opcode, .sa_flags = SA_SIGINFO };

	sigaction(SIGILL, &action, NULL);
}

#endif
