namespace Understudy.Devices;

/// <summary>What a channel of an <see cref="Ioat"/> is doing: CHANSTS bits 2:0.</summary>
public enum IoatState
{
    /// <summary>It has descriptors left to execute.</summary>
    Active = 0,

    /// <summary>Every descriptor counted has been executed.</summary>
    Done = 1,

    /// <summary>The driver has suspended it.</summary>
    Suspended = 2,

    /// <summary>It was reset or aborted, or met an error.</summary>
    Halted = 3,
}
