using System.Text;
using Microsoft.Win32.SafeHandles;
using Understudy.Guest;
using Understudy.Linux;
using Understudy.Runner;

namespace Understudy.Cli;

/// <summary>An interactive shell in the guest on our own terminal: every key goes there, Ctrl-C included, but for the one that asks for a
/// device command on the host side.</summary>
sealed class GuestShell : IDisposable
{
    const byte HostKey = 0x1D;   // Ctrl-]

    readonly DeviceConsole _devices;
    readonly Stream _output = Console.OpenStandardOutput();

    // Not Console's own stream: on a terminal that one edits whole lines by itself.
    readonly FileStream _keys = new(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
    TerminalRawMode _raw = new();

    GuestShell(DeviceConsole devices) => _devices = devices;

    /// <summary>Runs a shell until it ends.</summary>
    public static async Task<CommandResult> RunAsync(GuestAgent guest, DeviceConsole devices, CancellationToken cancel)
    {
        Console.Out.WriteLine("A shell in the guest. Leave with 'exit'. Ctrl-] asks for a device command on the host side.");
        var (rows, columns) = ((ushort)Console.WindowHeight, (ushort)Console.WindowWidth);
        using var terminal = new GuestShell(devices);
        var shell = await guest.StartShellAsync((_, bytes) => terminal.Show(bytes), rows, columns, cancel).ConfigureAwait(false);
        // A read of the terminal cannot be called off; the thread that waits for the next key ends with the process.
        new Thread(() => terminal.Type(shell)) { IsBackground = true, Name = "keyboard" }.Start();
        return await shell.Completion.WaitAsync(cancel).ConfigureAwait(false);
    }

    public void Dispose() => _raw.Dispose();

    void Show(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _output.Flush();
    }

    void Type(GuestProcess shell)
    {
        var buffer = new byte[1024];
        try
        {
            for (int length; (length = _keys.Read(buffer)) > 0;)
            {
                if (length == 1 && buffer[0] == HostKey) AskForOrder(buffer);
                else shell.WriteAsync(buffer.AsMemory(0, length)).GetAwaiter().GetResult();
            }
        }
        catch (Exception ended) when (ended is GuestException or GuestLostException)
        {
            // The shell has ended while a key was on its way.
            return;
        }
    }

    void AskForOrder(byte[] buffer)
    {
        _raw.Dispose();
        Show("\ndevice> "u8);
        var line = Encoding.UTF8.GetString(buffer, 0, _keys.Read(buffer));
        Show(Encoding.UTF8.GetBytes(_devices.Answer(line.Trim()).Text));
        _raw = new TerminalRawMode();
    }
}
