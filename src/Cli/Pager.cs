using System.ComponentModel;
using System.Diagnostics;

namespace Understudy.Cli;

/// <summary>Long text for a reader: through <c>$PAGER</c>, or <c>less</c> where it is installed, when standard output is a terminal; otherwise straight out.</summary>
static class Pager
{
    /// <summary>Shows lines as they come. A reader who has seen enough ends it.</summary>
    public static void Show(IEnumerable<string> lines)
    {
        using var pager = Console.IsOutputRedirected ? null : Start();
        using var to = pager?.StandardInput ?? new StreamWriter(Console.OpenStandardOutput());
        try
        {
            foreach (var line in lines) to.WriteLine(line);
            to.Flush();
        }
        catch (IOException) when (pager is not null || Console.IsOutputRedirected)
        {
            // The reader has gone.
            pager?.WaitForExit();
            return;
        }
        to.Close();
        pager?.WaitForExit();
    }

    static Process? Start()
    {
        var chosen = Environment.GetEnvironmentVariable("PAGER");
        if (chosen is "" or "cat") return null;
        try
        {
            return Process.Start(chosen is null
                ? new ProcessStartInfo("less", ["-RS"]) { RedirectStandardInput = true }
                : new ProcessStartInfo("/bin/sh", ["-c", chosen]) { RedirectStandardInput = true });
        }
        catch (Win32Exception)
        {
            // No less here: the terminal has a scroll-back.
            return null;
        }
    }
}
