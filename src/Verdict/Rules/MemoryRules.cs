namespace Understudy.Verdict.Rules;

/// <summary>The page allocator, the OOM killer and the allocation profiler (mm/page_alloc.c, mm/oom_kill.c, mm/vmalloc.c, lib/alloc_tag.c).</summary>
static class MemoryRules
{
    public static readonly KernelRule[] All =
    [
        new("bad-page", Severity.Error, "BUG: ",
            @"BUG: Bad (?<what>page (state|cache|map)|rss-counter state|page)\b",
            "BUG: Bad {what}[ in {frame}]")
        {
            SkipFrames = ["bad_page", "check_free_page*", "free_*", "__free_*", "get_page_from_freelist", "prep_new_page"],
        },
        new("page-allocation", Severity.Warning, "page allocation failure",
            @".*: page allocation failure: order:(?<order>\d+)",
            "page allocation failure, order {order}[ in {frame}]")
        {
            SkipFrames = 
            [
                "warn_alloc*", "__alloc_*", "alloc_*", "kmalloc*", "__kmalloc*", "___kmalloc*", "kvmalloc*", "__get_free_pages",
                "dma_direct_alloc*", "__dma_direct_*", "dma_alloc_*", "dma_common_*",
            ],
        },
        new("oom", Severity.Error, "ut of memory: ",
            @"(Memory cgroup o|O)ut of memory: Killed process \d+ \((?<task>[^)]*)\)",
            "Out of memory: killed {task}") { OneLine = true },
        // CONFIG_MEM_ALLOC_PROFILING (lib/alloc_tag.c): said for every place in a module that has not freed what it allocated.
        new("module-leak", Severity.Error, " allocated at module unload",
            @"\S+:\d+ module (?<module>\S+) func:(?<func>\S+) has \d+ allocated at module unload",
            "memory leak in {func}: still allocated when {module} was unloaded") { OneLine = true },
    ];
}
