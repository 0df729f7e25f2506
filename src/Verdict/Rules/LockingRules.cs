namespace Understudy.Verdict.Rules;

/// <summary>Locks, and sleeping where one must not (kernel/locking/lockdep.c, kernel/sched/core.c, kernel/rcu/update.c,
/// lib/smp_processor_id.c).</summary>
static class LockingRules
{
    const string Backtrace = "stack backtrace:";

    // Of a lock that is still held it matters who took it.
    const string TakenAt = @"^\s*#\d+: .* at: (?<func>[A-Za-z_][\w.]*)\+0x";

    static readonly string[] _lockdep =
    [
        "lock_acquire*", "__lock_acquire*", "lock_release*", "__lock_release*", "check_*", "validate_chain", "mark_lock*",
        "mark_usage", "print_*", "register_lock_class", "lockdep_*", "debug_*", "_raw_*", "__raw_*", "do_raw_*", "queued_*",
        "native_queued_*", "__mutex_*", "mutex_*", "rwsem_*", "down_*", "up_*", "__might_*", "___might_*", "might_*", "__schedule*",
        "schedule*", "preempt_schedule*", "rcu_*", "lock_sock_nested", "__local_bh_*", "trace_*", "add_lock_to_list", "valid_state",
        "usleep_range*", "msleep*", "fsleep", "dequeue_*", "mark_held_locks", "fs_reclaim_*", "__kmalloc*", "kmalloc*", "kmem_cache_alloc*", "slab_pre_alloc*",
        "kfree", "kmem_cache_free*", "slab_free*",
    ];

    static KernelRule Lockdep(string id, string words) =>
        new(id, Severity.Error, "WARNING: ",
            $"WARNING: {words}",
            "lockdep: {what}[ in {frame}]") { SkipFrames = _lockdep, TraceAfter = Backtrace };

    static KernelRule Context(string id, string words, string start) =>
        new(id, Severity.Error, "BUG: ", "BUG: " + start, $"BUG: {words}[ in {{frame}}]") { SkipFrames = _lockdep };

    static KernelRule Named(this KernelRule rule, string what) =>
        rule with { Title = rule.Title.Replace("{what}", what, StringComparison.Ordinal) };

    public static readonly KernelRule[] All =
    [
        Lockdep("lock-circular", "possible circular locking dependency detected").Named("possible deadlock"),
        Lockdep("lock-recursive", "possible recursive locking detected").Named("possible recursive locking"),
        Lockdep("lock-irq-inversion", "possible irq lock inversion dependency detected").Named("possible irq lock inversion"),
        new("lock-irq-order", Severity.Error, "WARNING: ",
            @"WARNING: (?<what>[\w-]+)-safe -> \S+-unsafe lock order detected",
            "lockdep: {what}-safe to unsafe lock order[ in {frame}]") { SkipFrames = _lockdep, TraceAfter = Backtrace },
        Lockdep("lock-state", "inconsistent lock state").Named("inconsistent lock state"),
        Lockdep("lock-balance", "bad unlock balance detected").Named("bad unlock balance"),
        Lockdep("lock-freed", "held lock freed").Named("held lock freed"),
        new("lock-held-exit", Severity.Error, "WARNING: ",
            "WARNING: .* still has locks held",
            "lockdep: locks still held[ in {frame}]") { Body = TakenAt, SkipFrames = _lockdep, TraceAfter = Backtrace },
        new("lock-held-return", Severity.Error, "WARNING: ",
            "WARNING: lock held when returning to user space",
            "lockdep: lock held when returning to user space[ in {frame}]") { Body = TakenAt, SkipFrames = _lockdep, TraceAfter = Backtrace },
        Lockdep("lock-context", "Invalid wait context").Named("invalid wait context") with
        {
            Marker = "BUG: ",
            Start = @"\[ BUG: Invalid wait context \]",
        },
        Lockdep("rcu-usage", "suspicious RCU usage").Named("suspicious RCU usage"),
        new("lock-unregistered", Severity.Error, "INFO: ",
            "INFO: trying to register non-static key",
            "INFO: trying to register non-static key[ in {frame}]") { SkipFrames = _lockdep },
        new("lockdep-full", Severity.Warning, "BUG: ",
            "BUG: (?<what>MAX_LOCK\\w+) too low",
            "lockdep: {what} too low, validation is off") { OneLine = true },
        Context("sleep-in-atomic", "sleeping function called from invalid context", "sleeping function called from invalid context at"),
        Context("schedule-in-atomic", "scheduling while atomic", "scheduling while atomic: "),
        new("smp-processor-id", Severity.Error, "BUG: ",
            @"BUG: using (?<what>\w+)\(?\)? in preemptible",
            "BUG: using {what} in preemptible code[ in {frame}]") { SkipFrames = [.. _lockdep, "check_preemption_disabled"] },
        new("spinlock", Severity.Error, "BUG: ",
            @"BUG: spinlock (?<what>[a-z ]+) on CPU",
            "BUG: spinlock {what}[ in {frame}]") { SkipFrames = [.. _lockdep, "spin_dump", "spin_bug"] },
    ];
}
