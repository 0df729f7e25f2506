using System.Text.Json.Serialization;

namespace Understudy.Verdict;

/// <summary>What the runner can tell from outside the guest.</summary>
[JsonConverter(typeof(CamelCase<SignalKind>))]
public enum SignalKind
{
    /// <summary>Boot hung in the firmware: not even the kernel was entered.</summary>
    FirmwareHung,

    /// <summary>Boot hung after the kernel was entered: it never said a word.</summary>
    KernelSilent,

    /// <summary>Boot hung: the kernel spoke, but never started init.</summary>
    NoInit,

    /// <summary>Boot hung: init runs, but the agent never answered.</summary>
    NoAgent,

    /// <summary>The agent answered, then stopped.</summary>
    AgentLost,

    /// <summary>The guest's panic device was written.</summary>
    GuestPanicked,

    /// <summary>The guest rebooted or shut down unasked: a triple fault, or a reset.</summary>
    GuestReset,

    /// <summary>The watchdog device bit: interrupts were off for too long.</summary>
    WatchdogBit,

    /// <summary>QEMU ended by itself.</summary>
    MachineDied,

    /// <summary>A step or the run went over its time limit while the guest was alive.</summary>
    TimeLimit,

    /// <summary>The disk under the run directory is full.</summary>
    DiskFull,

    /// <summary>Anything else that is the lab's fault.</summary>
    LabFault,
}
