namespace Understudy.Boards;

/// <summary>How far a boot came before it stopped.</summary>
public enum BootStage
{
    /// <summary>Nothing ran yet, or only firmware did.</summary>
    Firmware,

    /// <summary>The kernel was entered and has not said a word, not even when it was asked.</summary>
    Silent,

    /// <summary>The kernel started and has not run init.</summary>
    Kernel,

    /// <summary>Init runs and has not opened its channel.</summary>
    Init,

    /// <summary>The agent answered.</summary>
    Agent,
}
