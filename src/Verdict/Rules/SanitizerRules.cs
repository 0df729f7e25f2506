namespace Understudy.Verdict.Rules;

/// <summary>Sanitizers (mm/kasan/report.c, mm/kfence/report.c, mm/kmsan/report.c, kernel/kcsan/report.c, lib/ubsan.c,
/// mm/kmemleak.c).</summary>
static class SanitizerRules
{
    const string Border = "==============================";

    static readonly string[] _accessors =
    [
        "memcpy", "memset", "memmove", "__memcpy*", "__memset*", "__memmove*", "strcpy", "strlen", "strnlen", "strscpy", "kfree",
        "kfree_*", "kmem_cache_free*", "slab_*", "__slab_*", "__kmem_cache_*", "check_memory_region", "check_region_inline",
        "instrument_*", "atomic_*", "arch_atomic*", "___slab_*", "__kmalloc*", "kmalloc*", "__do_kmalloc*", "lock_acquire*", "__lock_acquire*",
        "__mutex_*", "mutex_*", "complete", "complete_all", "complete_with_flags", "swake_up_*",
    ];

    public static readonly KernelRule[] All =
    [
        new("kasan", Severity.Error, "BUG: ",
            "BUG: KASAN: (?<kind>[a-z-]+)( in (?<func>[A-Za-z_][\\w.]*\\+0x))?",
            "KASAN: {kind}[ {access}][ in {frame}]")
        {
            Body = "^(?<access>Read|Write|Free) (of size|of addr)",
            End = Border,
            SkipFrames = _accessors,
        },
        new("kfence", Severity.Error, "BUG: ",
            "BUG: KFENCE: (?<kind>[a-z -]+?)( (?<access>read|write))?( in (?<func>[A-Za-z_][\\w.]*\\+0x)|:|$)",
            "KFENCE: {kind}[ {access}][ in {frame}]") { End = Border, SkipFrames = _accessors },
        new("kmsan", Severity.Error, "BUG: ",
            "BUG: KMSAN: (?<kind>[a-z-]+)( in (?<func>[A-Za-z_][\\w.]*\\+0x))?",
            "KMSAN: {kind}[ in {frame}]") { End = Border, SkipFrames = _accessors },
        new("kcsan", Severity.Error, "BUG: ",
            "BUG: KCSAN: (?<kind>[a-z -]+) in (?<func>[A-Za-z_][\\w.]*)( / (?<other>[A-Za-z_][\\w.]*))?",
            "KCSAN: {kind} in {func}[ / {other}]") { End = Border },
        new("ubsan", Severity.Error, "UBSAN: ",
            "UBSAN: (?<kind>[a-z -]+) in (?<where>[^ :]+)",
            "UBSAN: {kind} in {where}")
        {
            End = Border,
            Absorbs = ["warning"],
            SkipFrames = ["__ubsan_*", "ubsan_*", "handle_overflow", "val_to_string"],
        },
        new("kmemleak", Severity.Error, "kmemleak: ",
            @"kmemleak: \d+ new suspected memory leaks",
            "kmemleak: new suspected memory leaks") { OneLine = true },
        new("memory-leak", Severity.Error, "unreferenced object",
            "unreferenced object 0x",
            "memory leak[ in {frame}]")
        {
            SkipFrames = 
            [
                .. _accessors, "kmem_cache_alloc*", "kvmalloc*", "__alloc_*", "alloc_*", "dma_alloc*", "devm_kmalloc*", "kstrdup*",
                "kmemleak_*", "save_stack_trace", "stack_trace_save", "set_track_prepare", "__alloc_object", "__create_object", "create_object",
                // Of a module that was unloaded since, there is only where it was; what loaded it is not guilty.
                "__this_module", "do_one_initcall", "do_init_module", "load_module", "init_module_from_file", "idempotent_init_module",
                "__do_sys_*", "__se_sys_*", "__x64_sys_*", "do_syscall_64", "entry_SYSCALL*", "handle_syscall", "userspace",
            ],
        },
        new("slab", Severity.Error, "BUG ",
            @"BUG (?<cache>\S+) \((Not tainted|Tainted[^)]*)\): (?<kind>[^0-9]+)$",
            "BUG: slab {cache}: {kind}[ in {frame}]")
        {
            Inside = "^(-+$|(Allocated|Freed) in |(Slab|Object|Redzone|Padding|Bytes b4|FIX) |Disabling lock debugging)",
            // Of late the report ends in a WARN().
            Absorbs = ["warning", OopsRules.CutHere],
            SkipFrames = 
            [
                .. _accessors, "object_err", "check_*", "free_debug_processing", "free_to_partial_list", "alloc_debug_processing",
                "__free_slab", "print_trailer",
            ],
        },
    ];
}
