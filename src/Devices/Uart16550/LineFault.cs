namespace Understudy.Devices;

/// <summary>What can be wrong with a character that comes down a serial line.</summary>
public enum LineFault
{
    /// <summary>Its parity.</summary>
    Parity,
    /// <summary>Its stop bit.</summary>
    Framing,
    /// <summary>The line was held low for longer than a character: a break.</summary>
    Break,
    /// <summary>One before it came while there was no room, and was lost.</summary>
    Overrun,
}
