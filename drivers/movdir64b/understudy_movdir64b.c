// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets a kernel on a processor without MOVDIR64B execute the one MOVDIR64B that it has, of (%rdx) to (%rax), as movdir64b_io() in
 * arch/x86/include/asm/io.h spells it: as eight stores of 8 bytes. Emulators lack the instruction, and idxd submits its descriptors by it.
 * A device behind an emulator sees eight stores either way; on hardware this would be wrong. For guests only, and only for their kernel.
 */
#define pr_fmt(fmt) "movdir64b: " fmt

#include <linux/io.h>
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>
#include <asm/trapnr.h>

static const u8 movdir64b_rdx_to_rax[] = { 0x66, 0x0f, 0x38, 0xf8, 0x02 };

static int invalid_opcode(struct notifier_block *block, unsigned long event, void *data)
{
	struct die_args *args = data;
	struct pt_regs *regs = args->regs;
	u8 code[sizeof(movdir64b_rdx_to_rax)];
	const u64 *from;
	u64 __iomem *to;
	int i;

	if (event != DIE_TRAP || args->trapnr != X86_TRAP_UD || user_mode(regs))
		return NOTIFY_DONE;
	if (copy_from_kernel_nofault(code, (void *)regs->ip, sizeof(code)) || memcmp(code, movdir64b_rdx_to_rax, sizeof(code)))
		return NOTIFY_DONE;
	from = (const u64 *)regs->dx;
	to = (u64 __iomem *)regs->ax;
	for (i = 0; i < 8; i++)
		writeq(from[i], to + i);
	regs->ip += sizeof(code);
	return NOTIFY_STOP;
}

static struct notifier_block block = { .notifier_call = invalid_opcode };

static int __init movdir64b_init(void)
{
	pr_info("emulated, in eight stores: for a guest of an emulator\n");
	return register_die_notifier(&block);
}

static void __exit movdir64b_exit(void)
{
	unregister_die_notifier(&block);
}

module_init(movdir64b_init);
module_exit(movdir64b_exit);
MODULE_DESCRIPTION("Understudy: MOVDIR64B for the kernel of a guest whose processor has none");
MODULE_LICENSE("GPL");
