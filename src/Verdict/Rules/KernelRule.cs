using System.Text.RegularExpressions;

namespace Understudy.Verdict.Rules;

/// <summary>How one family of kernel report is recognised and named. A rule is data: adding one touches nothing else.</summary>
/// <param name="Id">Short name, part of the fingerprint: never change one.</param>
/// <param name="Severity">What it means for the run.</param>
/// <param name="Marker">A piece of text that every first line of such a report contains; searched in every line, so rare in plain logs.</param>
/// <param name="Start">Regular expression for the first line, from where the message starts, after time and caller. Named groups feed the title.</param>
/// <param name="Title">The title; <c>{name}</c> stands for a group or for <c>{frame}</c>; what is in brackets is left out when one in it
/// is missing.</param>
public sealed record KernelRule(string Id, Severity Severity, string Marker, string Start, string Title)
{
    Regex? _start, _body, _inside;

    /// <summary>The first line is the whole report.</summary>
    public bool OneLine { get; init; }

    /// <summary>Regular expression for a later line of the report whose groups feed the title.</summary>
    public string? Body { get; init; }

    /// <summary>Text that only the last line of the report contains, beside <c>---[ end</c> which ends all. Without one a report ends
    /// with its call trace.</summary>
    public string? End { get; init; }

    /// <summary>Regular expression for lines that belong to the report although they look like no line of one, where a report holds several
    /// traces with such lines between them.</summary>
    public string? Inside { get; init; }

    /// <summary>The line after which the trace stands that counts, where a report shows other traces first.</summary>
    public string? TraceAfter { get; init; }

    /// <summary>Rules whose first line is just another line of this report.</summary>
    public IReadOnlyList<string> Absorbs { get; init; } = [];

    /// <summary>Functions that are never the guilty one here, beyond <see cref="SkippedFrames.Everywhere"/>; <c>*</c> at the end
    /// matches the rest.</summary>
    public IReadOnlyList<string> SkipFrames { get; init; } = [];

    // Logs are hostile: no pattern may take more than linear time.
    const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    internal Match MatchStart(string message) => (_start ??= new Regex("^(?:" + Start + ")", Linear)).Match(message);

    internal bool IsInside(string message) => Inside is not null && (_inside ??= new Regex(Inside, Linear)).IsMatch(message);

    internal Match MatchBody(string message) => Body is null ? Match.Empty : (_body ??= new Regex(Body, Linear)).Match(message);
}
