namespace Understudy.Boards;

/// <summary>The kinds of end a machine can come to.</summary>
public enum MachineExitReason
{
    /// <summary>The guest powered off.</summary>
    PoweredOff,

    /// <summary>The guest's kernel panicked.</summary>
    Panicked,

    /// <summary>The guest reset itself without saying why: a triple fault, or a reboot.</summary>
    Reset,

    /// <summary>Its watchdog was not fed, and bit.</summary>
    WatchdogBit,

    /// <summary>We pulled the plug.</summary>
    Killed,

    /// <summary>QEMU ended by itself: the lab's fault.</summary>
    Died,
}
