namespace Understudy.Pci;

/// <summary>What follows an effect's word in a rule.</summary>
public enum FaultArgument : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A number, as <c>0xffff</c> or <c>12</c>.</summary>
    Number,

    /// <summary>0 or 1.</summary>
    Bit,

    /// <summary>Device time, as <c>10us</c>.</summary>
    Time,

    /// <summary>An order of the device, as <c>cable off</c>.</summary>
    Words,
}
