using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Understudy.Verdict;

namespace Understudy.Runner.Symbols;

/// <summary>Says where in the sources the frames of findings are, where kernel and modules have debug information: by addr2line of binutils.</summary>
sealed partial class Symboliser
{
    const string Program = "addr2line";

    // A report shows its own machinery and the driver; what called that is of less use with every frame.
    const int MostFrames = 24;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly Lazy<DebugImage?> _kernel;
    readonly Dictionary<string, Lazy<DebugImage?>> _modules = [];

    /// <param name="kernels">Paths of kernels, the likeliest first; those without debug information are passed over.</param>
    /// <param name="modules">Paths of modules, likewise.</param>
    /// <param name="directory">A file or directory of the user's with more of either; null for none.</param>
    public Symboliser(IEnumerable<string> kernels, IEnumerable<string> modules, string? directory)
    {
        string[] more = directory is null ? [] : File.Exists(directory) ? [directory] : [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)];
        string[] all = [.. more.Where(IsModule), .. modules];
        _kernel = new(() => more.Where(path => Path.GetFileName(path).StartsWith("vmlinux", StringComparison.Ordinal) || path == directory && !IsModule(path))
            .Concat(kernels).Select(DebugImage.Open).FirstOrDefault(image => image is not null));
        foreach (var path in all) _modules.TryAdd(NameOf(path), new(() => DebugImage.Open(path)));
    }

    /// <summary>There is debug information that cannot be read because the program for it is not here.</summary>
    public bool LacksProgram { get; private set; }

    /// <summary>The frames of a finding with their places in the sources; empty where none is known.</summary>
    public async Task<IReadOnlyList<string>> StackAsync(Finding finding, CancellationToken cancel)
    {
        var frames = StackFrame.In(finding.Lines).Take(MostFrames).ToList();
        var places = new Dictionary<StackFrame, string>();
        foreach (var image in frames.GroupBy(frame => frame.Module))
        {
            if (Image(image.Key) is not { } known) continue;
            var found = image.Select(frame => (Frame: frame, Place: known.Find(frame.Function, frame.Size, frame.IsPointer || frame.Offset == 0 ? frame.Offset : frame.Offset - 1))).Where(one => one.Place is not null).ToList();
            foreach (var section in found.GroupBy(one => one.Place!.Value.Section))
            {
                var lines = await LinesAsync(known.Path, section.Key, [.. section.Select(one => one.Place!.Value.Address)], cancel).ConfigureAwait(false);
                foreach (var (one, line) in section.Zip(lines))
                    if (line.Length > 0) places[one.Frame] = line;
            }
        }
        return places.Count == 0 ? [] : [.. frames.Select(frame => places.TryGetValue(frame, out var place) ? $"{frame} {place}" : frame.ToString())];
    }

    DebugImage? Image(string? module) => module is null ? _kernel.Value : _modules.GetValueOrDefault(module)?.Value;

    static bool IsModule(string path) => path.EndsWith(".ko", StringComparison.Ordinal) || path.EndsWith(".ko.debug", StringComparison.Ordinal);

    static string NameOf(string path) => Path.GetFileName(path).Split('.')[0].Replace('-', '_');

    async Task<IReadOnlyList<string>> LinesAsync(string image, string? section, IReadOnlyList<ulong> addresses, CancellationToken cancel)
    {
        string[] arguments = ["-a", "-i", "-e", image, .. section is null ? [] : new[] { "-j", section }, .. addresses.Select(address => address.ToString("x", CultureInfo.InvariantCulture))];
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(s_patience);
            await using var kill = limit.Token.Register(process.Kill).ConfigureAwait(false);
            var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            var output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None).ConfigureAwait(false);
            await errors.ConfigureAwait(false);
            return Parse(output);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            LacksProgram = true;
            return [];
        }
    }

    /// <summary>Reads its answers: after each address a line for what was inlined there, innermost first, and one for the function itself.</summary>
    internal static IReadOnlyList<string> Parse(string output)
    {
        var places = new List<string>();
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("0x", StringComparison.Ordinal)) places.Add("");
            else if (places.Count > 0 && Place().Match(line) is { Success: true } place)
                places[^1] = places[^1].Length == 0 ? place.Value : $"{place.Value}, inlined: {places[^1]}";
        }
        return places;
    }

    // Without what it adds of its own, such as (discriminator 2); "??:0" is no place.
    [GeneratedRegex(@"^[^?].*?:[1-9]\d*")]
    private static partial Regex Place();
}
