using System.Text;
using Understudy.Verdict.Rules;

namespace Understudy.Verdict;

/// <summary>
/// Finds the kernel's reports in a stream of console bytes or kernel log records. A report's lines are grouped from first to last,
/// by printk caller where the kernel names it. Plain lines cost no allocation. Not for use by two threads at once.
/// </summary>
public sealed class KernelLogScanner
{
    const int Window = 16 * 1024;

    readonly KernelReports _reports;
    readonly KernelMarkers _markers;
    readonly char[] _chars = new char[Window];
    readonly byte[] _carry = new byte[ConsoleText.LongestLine];
    int _carried;
    bool _inLine;
    double _lineSeconds;
    bool _timed;

    /// <summary>A scanner for one log of one guest.</summary>
    /// <param name="source">Where the lines come from: console or kernel log.</param>
    /// <param name="found">Called with each finding as soon as its last line is in.</param>
    /// <param name="rules">The rules; <see cref="KernelRules.All"/> when null.</param>
    public KernelLogScanner(FindingSource source, Action<Finding> found, IReadOnlyList<KernelRule>? rules = null)
    {
        rules ??= KernelRules.All;
        _reports = new KernelReports(source, found, rules);
        _markers = new KernelMarkers(rules.Select(rule => rule.Marker));
    }

    /// <summary>Findings left out because the log holds too many of a kind, or too many at all.</summary>
    public long LeftOut => _reports.LeftOut;

    /// <summary>Takes console bytes, cut anywhere; lines beyond 8 KiB are read up to there.</summary>
    /// <param name="bytes">As they came over the wire, whatever they are.</param>
    /// <param name="seconds">Host seconds since the run's start at which they came.</param>
    public void Read(ReadOnlySpan<byte> bytes, double seconds)
    {
        while (!bytes.IsEmpty)
        {
            if (_inLine) bytes = bytes[FinishLine(bytes)..];
            else
            {
                var window = bytes[..Math.Min(bytes.Length, Window)];
                var whole = window.LastIndexOf((byte)'\n') + 1;
                ReadLines(window[..whole], seconds);
                if (whole < window.Length) Carry(window[whole..], seconds);
                bytes = bytes[window.Length..];
            }
        }
    }

    /// <summary>Takes one record of the kernel log, without prefix; it may hold several lines.</summary>
    public void ReadRecord(ReadOnlySpan<char> text, double seconds)
    {
        foreach (var line in text.EnumerateLines())
        {
            var suspect = IsSuspect(line);
            if (!suspect && !_reports.AnyOpen) continue;
            _reports.ReadLine(new KernelLine(line.ToString(), line.TrimEnd().ToString(), ""), seconds, suspect);
        }
    }

    /// <summary>Ends reports that have got no new line for a while: their writer has nothing to add.</summary>
    /// <param name="seconds">Now, in host seconds since the run's start.</param>
    /// <param name="silence">How long to wait for more, in seconds.</param>
    public void Settle(double seconds, double silence = 0.5) => _reports.EndThoseSilentSince(seconds - silence);

    /// <summary>Ends the log: an unfinished line is read, reports under way become findings.</summary>
    public void End()
    {
        if (_inLine) FinishLine("\n"u8);
        _reports.EndThoseSilentSince(double.PositiveInfinity);
    }

    void Carry(ReadOnlySpan<byte> part, double seconds)
    {
        if (!_inLine) (_inLine, _carried, _lineSeconds) = (true, 0, seconds);
        part = part[..Math.Min(part.Length, _carry.Length - _carried)];
        part.CopyTo(_carry.AsSpan(_carried));
        _carried += part.Length;
    }

    int FinishLine(ReadOnlySpan<byte> bytes)
    {
        var newline = bytes.IndexOf((byte)'\n');
        Carry(newline < 0 ? bytes : bytes[..newline], _lineSeconds);
        if (newline < 0) return bytes.Length;
        _inLine = false;
        ReadLines(_carry.AsSpan(0, _carried), _lineSeconds);
        return newline + 1;
    }

    void ReadLines(ReadOnlySpan<byte> bytes, double seconds)
    {
        var chars = _chars.AsSpan(0, bytes.Length);
        Encoding.Latin1.GetChars(bytes, chars);
        _markers.Begin();
        for (var at = 0; at < chars.Length;)
        {
            if (_timed && !_reports.AnyOpen)
            {
                var hit = _markers.IndexFrom(chars, at);
                if (hit < 0) return;
                at += chars[at..hit].LastIndexOf('\n') + 1;
            }
            var length = chars[at..].IndexOf('\n');
            if (length < 0) length = chars.Length - at;
            ReadLine(chars.Slice(at, length), seconds);
            at += length + 1;
        }
    }

    // A kernel that prints times prints them on every line: what comes without is somebody else's text.
    void ReadLine(ReadOnlySpan<char> line, double seconds)
    {
        line = line[..Math.Min(line.Length, ConsoleText.LongestLine)];
        _timed |= ConsoleText.StartsWithTime(line);
        if (!_reports.AnyOpen && !IsSuspect(line)) return;
        foreach (var piece in KernelLine.Split(ConsoleText.Clean(line)))
            if (!_timed || piece.IsPrefixed) _reports.ReadLine(piece, seconds, IsSuspect(piece.Message));
    }

    bool IsSuspect(ReadOnlySpan<char> text) => _markers.AreIn(text);
}
