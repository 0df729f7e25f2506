namespace Understudy.Verdict.Rules;

/// <summary>Traps, BUG(), WARN() and panic (arch/x86/mm/fault.c, arch/x86/kernel/{traps,dumpstack}.c, arch/arm64/mm/fault.c,
/// kernel/panic.c, lib/bug.c).</summary>
static class OopsRules
{
    const string EndTrace = "---[ end trace ";

    public const string CutHere = "cut-here";

    public static readonly KernelRule[] All =
    [
        new("null-deref", Severity.Fatal, "NULL pointer dereference",
            "BUG: kernel NULL pointer dereference, address|(BUG: u|U)nable to handle kernel NULL pointer dereference at",
            "BUG: unable to handle kernel NULL pointer dereference[ in {frame}]") { End = EndTrace, Absorbs = ["oops"] },
        new("page-fault", Severity.Fatal, "nable to handle",
            "(BUG: u|U)nable to handle (page fault for address|kernel (paging request|access to user memory|execut).* at)",
            "BUG: unable to handle page fault[ in {frame}]") { End = EndTrace, Absorbs = ["oops"] },
        new("general-protection", Severity.Fatal, "general protection fault",
            "(Oops: )?general protection fault(, |: )",
            "general protection fault[ in {frame}]") { End = EndTrace, Absorbs = ["oops"] },
        new("double-fault", Severity.Fatal, "double fault",
            "(PANIC: |traps: PANIC: |Oops: )?double fault[:,]",
            "double fault[ in {frame}]") { End = EndTrace, Absorbs = ["oops", "double-fault"] },
        new("stack-overflow", Severity.Fatal, "BUG: ",
            "BUG: ([A-Z]+ )?(kernel )?stack guard page was hit",
            "BUG: stack guard page was hit[ in {frame}]") { End = EndTrace, Absorbs = ["oops"] },
        new("stack-segment", Severity.Fatal, "stack segment:",
            "(Oops: )?stack segment: ",
            "stack segment fault[ in {frame}]") { End = EndTrace },
        new("divide-error", Severity.Fatal, "divide error:",
            "(Oops: )?divide error: ",
            "divide error[ in {frame}]") { End = EndTrace },
        new("invalid-opcode", Severity.Fatal, "invalid opcode:",
            "(Oops: )?invalid opcode: ",
            "invalid opcode[ in {frame}]") { End = EndTrace },
        new("int3", Severity.Fatal, "int3:", @"(Oops: )?int3: \d+ \[#", "int3[ in {frame}]") { End = EndTrace },
        new("control-protection", Severity.Fatal, "control protection",
            "(Oops: )?control protection",
            "control protection fault[ in {frame}]") { End = EndTrace },
        new("control-protection", Severity.Fatal, "Missing ENDBR",
            @"(traps: )?Missing ENDBR(: (?<func>[A-Za-z_][\w.]*))?",
            "control protection fault[ in {frame}]") { End = EndTrace, Absorbs = ["bug", "oops", "invalid-opcode", CutHere] },
        new("list-corruption", Severity.Fatal, "list_",
            @"(?<kind>list_(add|del)) (double add|corruption)\b",
            "{kind} corruption[ in {frame}]") { End = EndTrace, Absorbs = ["bug", "warning", "invalid-opcode", "oops", CutHere] },
        new("usercopy", Severity.Fatal, "usercopy: ",
            "usercopy: Kernel memory (?<kind>exposure|overwrite) attempt detected",
            "usercopy: memory {kind}[ in {frame}]")
        {
            End = EndTrace,
            Absorbs = ["bug", "invalid-opcode", "oops", CutHere],
            SkipFrames = ["usercopy_abort", "__check_object_size", "__check_heap_object", "check_heap_object"],
        },
        new("fortify", Severity.Fatal, "buffer overflow",
            @"(detected buffer overflow in |\w+: detected buffer overflow: )",
            "buffer overflow[ in {frame}]")
        {
            End = EndTrace,
            Absorbs = ["bug", "warning", "invalid-opcode", "oops", CutHere],
            SkipFrames = ["fortify_panic", "__fortify_panic", "__fortify_report"],
        },
        new("bug", Severity.Fatal, "ernel BUG at ",
            "[kK]ernel BUG at (?<where>[^ !:]+)(:\\d+)?",
            "kernel BUG[ in {frame}]")
        {
            End = EndTrace,
            Absorbs = ["invalid-opcode", "oops"],
            // They stop where they find out that their caller did wrong.
            SkipFrames = ["kfree", "kmem_cache_free*", "__kmem_cache_*", "__slab_free", "slab_free*", "set_freepointer", "fortify_panic", "__fortify_panic"],
        },
        // Where the architecture has no trap for it (include/asm-generic/bug.h).
        new("bug", Severity.Fatal, "BUG: failure at ",
            @"BUG: failure at \S+:\d+/(?<func>[A-Za-z_]\w*)\(\)!",
            "kernel BUG[ in {frame}]") { OneLine = true },
        new("refcount", Severity.Error, "refcount_t: ",
            "refcount_t: (?<kind>[^.;]+)",
            "refcount bug: {kind}[ in {frame}]") { End = EndTrace, Absorbs = ["warning"] },
        new("odebug", Severity.Error, "ODEBUG: ",
            @"ODEBUG: (?<kind>[a-z_]+ (active|destroyed|not available|uninitialized))( .*object type: (?<type>\S+))?",
            "ODEBUG: {kind}[ {type}][ in {frame}]")
        {
            End = EndTrace,
            Absorbs = ["warning"],
            SkipFrames = ["debug_print_object", "debug_check_no_obj_freed", "debug_object_*", "__debug_*", "kfree", "kmem_cache_free*", "slab_free*"],
        },
        new("warning", Severity.Error, "WARNING: ",
            // Up to 6.18, and after.
            @"WARNING: CPU: \d+ PID: \d+ at (\S+:\d+ )?(?<func>[A-Za-z_][\w.]*\+0x)?"
            + @"|WARNING: (\[.*\] )?(\S+:\d+ )?at ((?<func>[A-Za-z_][\w.]*\+0x)\S*|\S+)( \[\w+\])?, CPU#\d+: ",
            "WARNING[ in {frame}]") { End = EndTrace },
        new("oops", Severity.Fatal, "Oops",
            @"(Internal error: )?Oops( - [\w ]+)?: .*\[#\d+\]|Internal error: ",
            "Oops[ in {frame}]") { End = EndTrace },
        new("stack-corrupted", Severity.Fatal, "stack-protector: ",
            @"Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: (?<func>[A-Za-z_][\w.]*)",
            "stack corrupted[ in {frame}]") { End = "Kernel Offset: " },
        // User Mode Linux (arch/um/kernel/trap.c).
        new("kernel-mode-fault", Severity.Fatal, "Kernel panic",
            "Kernel panic - not syncing: (Kernel mode (fault at addr|signal )|Segfault with no mm|Kernel tried to access user memory at addr)",
            "kernel mode fault[ in {frame}]") { SkipFrames = ["relay_signal", "segv*", "sig_handler*", "hard_handler", "bad_segv"] },
        new("panic", Severity.Fatal, "Kernel panic",
            "Kernel panic - not syncing: (?<cause>.*[^ ])",
            "Kernel panic: {cause}") { End = "Kernel Offset: ", SkipFrames = ["check_panic_on_warn*"] },
        new("bug-other", Severity.Error, "BUG: ", @"BUG: (?<what>[A-Za-z][^:\[(]*[A-Za-z])", "BUG: {what}[ in {frame}]"),
        // Opens a report; the next lines say which.
        new(CutHere, Severity.Error, "[ cut here ]", "-+\\[ cut here \\]-+", "kernel report cut short") { End = EndTrace },
    ];
}
