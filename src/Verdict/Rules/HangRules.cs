namespace Understudy.Verdict.Rules;

/// <summary>Something does not get on (kernel/watchdog.c, kernel/hung_task.c, kernel/rcu/tree_stall.h, kernel/workqueue.c).</summary>
static class HangRules
{
    static readonly string[] _sleeping =
    [
        "__switch_to*", "__schedule*", "schedule*", "io_schedule*", "context_switch", "preempt_schedule*", "__mutex_lock*", "mutex_lock*",
        "__rt_mutex*", "rwsem_*", "down_*", "down", "__down*", "wait_for_completion*", "__wait_for_common", "do_wait_for_common",
        "wait_for_common", "__wait_on_bit*", "wait_on_bit*", "out_of_line_wait*", "bit_wait*", "do_wait_intr*", "synchronize_*",
        "__synchronize_*", "__flush_work", "flush_work*",
    ];

    static readonly string[] _ticking =
    [
        "rcu_*", "print_cpu_stall*", "check_cpu_stall*", "nmi_*", "trigger_*", "arch_trigger_*", "update_process_times", "tick_*",
        "__hrtimer_*", "hrtimer_*", "__sysvec_*", "sysvec_*", "asm_sysvec_*", "sched_show_task*", "dump_cpu_task*",
        "smp_call_function*", "__flush_smp_call*", "csd_*", "native_halt", "default_idle*", "watchdog_*", "delay_tsc", "__delay",
        "__const_udelay", "__udelay", "__ndelay",
    ];

    public static readonly KernelRule[] All =
    [
        new("soft-lockup", Severity.Error, "BUG: ",
            @"(watchdog: )?BUG: soft lockup - CPU#\d+ stuck for",
            "BUG: soft lockup[ in {frame}]") { SkipFrames = _ticking },
        // We sent the NMI, because the guest had gone silent.
        new("hang", Severity.Fatal, "NMI: Not continuing",
            "Kernel panic - not syncing: NMI: Not continuing",
            "hang[ in {frame}]") { End = "Kernel Offset: ", SkipFrames = [.. _ticking, "unknown_nmi_error", "default_do_nmi", "end_repeat_nmi", "asm_exc_nmi"] },
        new("hard-lockup", Severity.Fatal, "hard LOCKUP",
            ".*detected hard LOCKUP on cpu",
            "hard lockup[ in {frame}]") { SkipFrames = _ticking },
        new("rcu-stall", Severity.Error, "INFO: ",
            @"(rcu: )?INFO: (?<flavour>rcu\w*) (self-detected stall on CPU|detected (expedited )?stalls? on (CPUs|tasks))",
            "INFO: rcu detected stall[ in {frame}]")
        {
            // The stack of the thread that waits for the grace period may stand before that of who keeps it waiting.
            SkipFrames = [.. _ticking, .. _sleeping, "kthread", "ret_from_fork*"],
            Absorbs = ["rcu-starved"],
        },
        new("rcu-starved", Severity.Error, "kthread starved for",
            @"rcu: rcu\w* kthread starved for \d+ jiffies",
            "INFO: rcu kthread starved") { OneLine = true },
        new("hung-task", Severity.Error, "INFO: ",
            @"INFO: task .+:\d+ blocked.* for more than \d+ seconds",
            "INFO: task hung[ in {frame}]") { SkipFrames = _sleeping },
        new("workqueue-lockup", Severity.Error, "BUG: ",
            "BUG: workqueue lockup - pool",
            "BUG: workqueue lockup") { OneLine = true },
        new("unregister-netdevice", Severity.Error, "unregister_netdevice: waiting for",
            @"unregister_netdevice: waiting for (?<dev>\S+) to become free",
            "unregister_netdevice: waiting for {dev} to become free") { OneLine = true },
    ];
}
