namespace Understudy.Linux;

/// <summary>The terminal hands over every key as it is pressed, Ctrl-C included, until this is disposed or the process exits
/// (<c>termios(3)</c>). Output is left as it was, so that a line written here still starts at the left.</summary>
public sealed class TerminalRawMode : IDisposable
{
    const int StandardInput = 0;
    const int Now = 0, TermiosSize = 64, OutputFlagsAt = 4;

    readonly byte[] _before = new byte[TermiosSize];
    int _restored;

    /// <summary>Switches the terminal on standard input to raw mode.</summary>
    /// <exception cref="LinuxException">Standard input is not a terminal (ENOTTY).</exception>
    public unsafe TerminalRawMode()
    {
        var raw = stackalloc byte[TermiosSize];
        fixed (byte* before = _before)
        {
            Libc.Check(Libc.tcgetattr(StandardInput, before), "tcgetattr");
            new Span<byte>(before, TermiosSize).CopyTo(new Span<byte>(raw, TermiosSize));
        }
        var outputFlags = *(uint*)(raw + OutputFlagsAt);
        Libc.cfmakeraw(raw);
        *(uint*)(raw + OutputFlagsAt) = outputFlags;
        Libc.Check(Libc.tcsetattr(StandardInput, Now, raw), "tcsetattr");
        AppDomain.CurrentDomain.ProcessExit += Restore;
    }

    /// <summary>Gives the terminal back as it was. More than once is fine.</summary>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Restore;
        Restore(null, EventArgs.Empty);
    }

    unsafe void Restore(object? sender, EventArgs e)
    {
        if (Interlocked.Exchange(ref _restored, 1) == 1) return;
        fixed (byte* before = _before) Libc.tcsetattr(StandardInput, Now, before);
    }
}
