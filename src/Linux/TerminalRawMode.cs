namespace Understudy.Linux;

/// <summary>The terminal hands over every key as it is pressed, Ctrl-C included, until this is disposed or the process exits
/// (<c>termios(3)</c>). Output is left as it was, so that a line written here still starts at the left.</summary>
public sealed class TerminalRawMode : IDisposable
{
    const int StandardInput = 0;
    const int Now = 0, TermiosSize = 64, OutputFlagsAt = 4;

    readonly byte[] _before = new byte[TermiosSize];
    readonly int _terminal;
    int _restored;

    /// <summary>Switches the terminal on standard input to raw mode.</summary>
    /// <exception cref="LinuxException">Standard input is not a terminal (ENOTTY).</exception>
    public TerminalRawMode() : this(StandardInput) { }

    internal unsafe TerminalRawMode(int terminal)
    {
        _terminal = terminal;
        var raw = stackalloc byte[TermiosSize];
        fixed (byte* before = _before)
        {
            Libc.Check(Libc.tcgetattr(terminal, before), "tcgetattr");
            new Span<byte>(before, TermiosSize).CopyTo(new Span<byte>(raw, TermiosSize));
        }
        var outputFlags = *(uint*)(raw + OutputFlagsAt);
        Libc.cfmakeraw(raw);
        *(uint*)(raw + OutputFlagsAt) = outputFlags;
        Libc.Check(Libc.tcsetattr(terminal, Now, raw), "tcsetattr");
        AppDomain.CurrentDomain.ProcessExit += Restore;
    }

    /// <summary>Gives the terminal back as it was. More than once is fine.</summary>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Restore;
        Restore(null, EventArgs.Empty);
    }

    /// <summary>What the terminal does with keys now (<c>c_lflag</c>).</summary>
    internal static unsafe uint LocalFlags(int terminal)
    {
        const int localFlagsAt = 12;
        var now = stackalloc byte[TermiosSize];
        Libc.Check(Libc.tcgetattr(terminal, now), "tcgetattr");
        return *(uint*)(now + localFlagsAt);
    }

    unsafe void Restore(object? sender, EventArgs e)
    {
        if (Interlocked.Exchange(ref _restored, 1) == 1) return;
        fixed (byte* before = _before) Libc.tcsetattr(_terminal, Now, before);
    }
}
