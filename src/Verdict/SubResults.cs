using System.Text;
using Understudy.Verdict.Results;

namespace Understudy.Verdict;

/// <summary>
/// Finds the results that a test reports in its own output: KTAP and TAP (Documentation/dev-tools/ktap.rst, testanything.org),
/// kselftest, LTP and JUnit. Takes the output as it comes; memory is bounded whatever is in it. There are never more passes than lines
/// that said so, and what was promised and never came is an <see cref="Outcome.Error"/>. Not for use by two threads at once.
/// </summary>
public sealed class SubResults
{
    readonly ResultList _results = new();
    readonly TapReader _tap, _kernelTap;
    readonly LtpReader _ltp;
    readonly JUnitReader _junit;
    readonly byte[] _line = new byte[ConsoleText.LongestLine];
    int _length;
    string? _cut;

    /// <summary>A reader for the output of one test.</summary>
    public SubResults()
    {
        _tap = new TapReader(_results, needsHeader: false);
        _kernelTap = new TapReader(_results, needsHeader: true);
        _ltp = new LtpReader(_results);
        _junit = new JUnitReader(_results);
    }

    /// <summary>The results in a whole output.</summary>
    public static IReadOnlyList<SubResult> Parse(string text)
    {
        var results = new SubResults();
        results.Read(Encoding.UTF8.GetBytes(text));
        return results.End();
    }

    /// <summary>Takes more output, cut anywhere; lines beyond 8 KiB are read up to there.</summary>
    public void Read(ReadOnlySpan<byte> output)
    {
        while (!output.IsEmpty)
        {
            var newline = output.IndexOf((byte)'\n');
            var part = newline < 0 ? output : output[..newline];
            var kept = part[..Math.Min(part.Length, _line.Length - _length)];
            kept.CopyTo(_line.AsSpan(_length));
            _length += kept.Length;
            if (newline < 0) return;
            EndLine();
            output = output[(newline + 1)..];
        }
    }

    /// <summary>Ends the output: what was promised and has not come by now never will.</summary>
    /// <returns>The results in the order in which they ended; empty when there are none in it.</returns>
    public IReadOnlyList<SubResult> End()
    {
        if (_length > 0) EndLine();
        if (_cut is { } last) ReadText(last);
        _cut = null;
        _junit.End();
        _ltp.End();
        _tap.End();
        _kernelTap.End();
        return _results.ToList();
    }

    // Kernel messages come in between, even in the middle of a line: they are read as a text of their own.
    void EndLine()
    {
        var line = ConsoleText.Visible(Encoding.UTF8.GetString(_line, 0, _length).TrimEnd('\r'));
        _length = 0;
        string? own = null;
        var isCut = false;
        foreach (var piece in KernelLine.Split(line))
        {
            if (!piece.IsPrefixed) own = piece.Text;
            else
            {
                _kernelTap.ReadLine(piece.Message);
                isCut = own is not null;
            }
        }
        if (own is not null) ReadOwn(own, isCut);
    }

    void ReadOwn(string text, bool isCut)
    {
        if (_cut is { } begun)
        {
            _cut = null;
            if (Continues(begun, text)) text = begun + text;
            else ReadText(begun);
        }
        if (isCut) _cut = text;
        else ReadText(text);
    }

    // What a message cut off goes on in the next line, unless that is a result by itself; and "not" is never left behind alone.
    static bool Continues(string begun, string text) =>
        begun.Length + text.Length <= ConsoleText.LongestLine
        && ("not ok ".StartsWith(begun.TrimStart(' ', '#'), StringComparison.Ordinal) || !TapLine.Looks(text));

    void ReadText(string text)
    {
        if (!_junit.TryRead(text) && !_ltp.TryRead(text)) _tap.ReadLine(text);
    }
}
