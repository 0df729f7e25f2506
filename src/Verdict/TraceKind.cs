using System.Text.Json.Serialization;

namespace Understudy.Verdict;

/// <summary>What happened between driver and device.</summary>
[JsonConverter(typeof(CamelCase<TraceKind>))]
public enum TraceKind
{
    /// <summary>The driver read a register.</summary>
    Read,

    /// <summary>The driver wrote a register.</summary>
    Write,

    /// <summary>An access to configuration space.</summary>
    Config,

    /// <summary>The device read memory.</summary>
    DmaRead,

    /// <summary>The device wrote memory.</summary>
    DmaWrite,

    /// <summary>The device raised or lowered an interrupt.</summary>
    Interrupt,

    /// <summary>A timer of the device expired.</summary>
    Timer,

    /// <summary>The device was reset.</summary>
    Reset,

    /// <summary>The test did something to the device: pulled a cable, sent a frame.</summary>
    Stimulus,

    /// <summary>A fault was injected.</summary>
    Fault,

    /// <summary>A remark by the model.</summary>
    Note,
}
