using Spectre.Console;
using Understudy.Toolchain;

namespace Understudy.Cli;

/// <summary>Shows what is being fetched: a line that rewrites itself on a terminal, plain lines elsewhere; on standard error where standard
/// output is for machines.</summary>
sealed class ProvisionDisplay(bool quiet = false) : IProgress<ProvisionProgress>, IDisposable
{
    readonly Lock _lock = new();
    readonly bool _terminal = !Console.IsOutputRedirected && !quiet;
    readonly HashSet<string> _said = [];
    bool _open;

    /// <summary>Nothing that was reported could be shown as a line of its own yet.</summary>
    public void Report(ProvisionProgress value)
    {
        lock (_lock)
        {
            if (value.IsWarning)
            {
                Close();
                if (_said.Add(value.Detail)) Console.Error.WriteLine($"warning: {value.Detail}");
                return;
            }
            if (_terminal) Rewrite(value);
            else if (!quiet && _said.Add($"{value.Step} {value.Detail}")) Console.Out.WriteLine($"  {value.Step}: {value.Detail}");
        }
    }

    /// <summary>Prints a line below what is shown now.</summary>
    public void Line(string text)
    {
        lock (_lock)
        {
            if (quiet) return;
            Close();
            Console.Out.WriteLine(text);
        }
    }

    public void Dispose()
    {
        lock (_lock) Close();
    }

    void Rewrite(ProvisionProgress value)
    {
        var done = value.BytesTotal is > 0 ? $" {Bar((double)value.BytesDone / value.BytesTotal.Value)} {value.BytesDone / 1e6:F1} of {value.BytesTotal / 1e6:F1} MB" : "";
        var text = $"  {value.Step}: {value.Detail}{done}";
        var width = Math.Max(20, AnsiConsole.Profile.Width - 1);
        Console.Out.Write($"\r\e[K{(text.Length > width ? text[..width] : text)}");
        _open = true;
    }

    void Close()
    {
        if (_open) Console.Out.Write("\r\e[K");
        _open = false;
    }

    static string Bar(double share)
    {
        const int width = 24;
        var full = (int)(Math.Clamp(share, 0, 1) * width);
        return $"[{new string('#', full)}{new string('.', width - full)}]";
    }
}
