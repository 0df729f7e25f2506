using Understudy.Toolchain;

namespace Understudy.Cli;

/// <summary>Shows what is being fetched: a line that rewrites itself on a terminal, plain lines elsewhere; on standard error where standard
/// output is for machines.</summary>
sealed class ProvisionDisplay(bool quiet = false) : IProgress<ProvisionProgress>, IDisposable
{
    readonly Lock _lock = new();
    readonly bool _terminal = Terminal.IsRich && !quiet;
    readonly HashSet<string> _said = [];
    bool _open;

    /// <summary>Shows progress, each thing once where lines cannot be rewritten.</summary>
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

    /// <summary>Shows what is under way, on a terminal: the next line takes its place.</summary>
    public void Status(string text)
    {
        lock (_lock)
            if (_terminal) Show(text);
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
        Show(text);
    }

    void Show(string text)
    {
        Console.Out.Write($"\r\e[K{(text.Length >= Terminal.Width ? text[..(Terminal.Width - 1)] : text)}");
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
