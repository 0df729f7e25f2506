namespace Understudy.Verdict.Rules;

/// <summary>Functions that stand in a call trace because a report is being made, not because they are guilty.</summary>
public static class SkippedFrames
{
    /// <summary>Skipped for every rule; <c>*</c> at the end matches the rest of a name.</summary>
    public static IReadOnlyList<string> Everywhere { get; } =
    [
        "dump_stack*", "__dump_stack", "show_stack*", "show_regs*", "show_trace*", "dump_backtrace", "print_report",
        "print_address_description*", "kasan_*", "__kasan_*", "__asan_*", "__hwasan_*", "kfence_*", "__kfence_*", "kmsan_*",
        "__msan_*", "report_bug", "__report_bug", "__warn*", "warn_slowpath*", "handle_bug", "exc_*", "asm_exc_*", "do_error_trap",
        "do_trap*", "fixup_bug", "die", "die_*", "__die*", "oops_*", "page_fault_oops", "no_context", "bad_area*", "__bad_area*",
        "do_user_addr_fault", "kernelmode_fixup_or_oops", "search_exception_tables", "panic", "vpanic", "nmi_panic",
        "__stack_chk_fail", "refcount_*", "__refcount_*", "__list_add_valid*", "__list_del_entry_valid*", "__ubsan_*", "ubsan_*",
        "_raw_spin_*", "_raw_read_*", "_raw_write_*", "do_raw_spin_*", "queued_spin_lock_slowpath",
        "native_queued_spin_lock_slowpath", "pv_queued_*", "__pv_*", "asm_sysvec_*", "sysvec_*", "asm_common_interrupt",
        "common_interrupt", "__might_sleep", "__might_resched", "___might_sleep", "watchdog_timer_fn", "__schedule_bug", "el1_*",
        "el1h_*", "bug_handler", "brk_handler", "do_debug_exception", "do_mem_abort", "do_translation_fault", "__do_kernel_fault",
        "do_page_fault",
    ];

    internal static bool Skips(IReadOnlyList<string> list, string function)
    {
        foreach (var name in list)
            if (Matches(name, function)) return true;
        return false;
    }

    static bool Matches(string name, string function) =>
        name[^1] == '*' ? function.StartsWith(name.AsSpan(0, name.Length - 1), StringComparison.Ordinal) : function == name;
}
