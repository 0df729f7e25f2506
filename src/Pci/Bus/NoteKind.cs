namespace Understudy.Pci;

/// <summary>What moves a device without crossing its bus.</summary>
public enum NoteKind : byte
{
    /// <summary>A test or an operator did something to the device.</summary>
    Stimulus,

    /// <summary>One of the device's timers fired.</summary>
    Timer,

    /// <summary>Something worth a report was found.</summary>
    Finding,

    /// <summary>A fault rule strikes the transaction under way.</summary>
    Fault,
}
