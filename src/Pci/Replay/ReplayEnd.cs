namespace Understudy.Pci;

/// <summary>How a replay ended.</summary>
public enum ReplayEnd
{
    /// <summary>The device did all that was recorded, and nothing else.</summary>
    Equal,

    /// <summary>It did so up to where it was told to stop.</summary>
    Stopped,

    /// <summary>It did something else than was recorded.</summary>
    Different,

    /// <summary>It did so up to something that cannot be done again: a stimulus in C#.</summary>
    NotReplayable,
}
