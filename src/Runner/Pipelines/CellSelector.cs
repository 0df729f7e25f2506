using Understudy.Toolchain;

namespace Understudy.Runner.Pipelines;

/// <summary>Chooses cells by the values of their axes, by their phase and by their step.</summary>
public sealed class CellSelector
{
    internal const string Phase = "phase", Step = "step";

    readonly string _text;
    readonly Dictionary<string, string> _wanted;

    CellSelector(string text, Dictionary<string, string> wanted) => (_text, _wanted) = (text, wanted);

    /// <summary>The cells that are chosen by one of these texts, in their order; all, without a text. A step over none of the axes that a
    /// text names is part of what it chooses.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="texts">Such as <c>kernel=debian:6.1,irq=msix</c>; <c>phase=cpu</c> and <c>step=modes</c> choose as well.</param>
    /// <param name="full">Every combination, also where a step wants only so many that all pairs are met.</param>
    /// <exception cref="FormatException">A text names what is not there, or chooses no cell; what would be right is told.</exception>
    public static IReadOnlyList<PipelineCell> Choose(Pipeline pipeline, IReadOnlyList<string> texts, bool full = false)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(texts);
        var cells = pipeline.Cells(full);
        if (texts.Count == 0) return cells;
        var selectors = texts.Select(text => Parse(pipeline, text)).ToList();
        foreach (var selector in selectors.Where(selector => !cells.Any(selector.Means))) throw selector.Nothing(pipeline, full);
        return [.. cells.Where(cell => selectors.Any(selector => selector.Chooses(cell)))];
    }

    static CellSelector Parse(Pipeline pipeline, string text)
    {
        var known = pipeline.Axes.ToDictionary(axis => axis.Name, axis => axis.Values.Select(value => value.Name).ToList());
        known[Phase] = [.. pipeline.Phases.Select(phase => phase.Name)];
        known[Step] = [.. pipeline.Phases.SelectMany(phase => phase.Steps).Select(step => step.Name).Distinct()];
        var wanted = new Dictionary<string, string>();
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Split('=', 2) is not [var axis, var value]) throw new FormatException($"expected AXIS=VALUE,... such as {pipeline.Cells(full: true).LastOrDefault(cell => cell.Values.Count > 0)?.Place ?? "phase=build"}, not '{word}'");
            if (!known.TryGetValue(axis, out var values)) throw new FormatException($"there is no axis '{axis}'; did you mean '{Nearest.To(axis, known.Keys)[0]}'? There is {string.Join(", ", known.Keys)}");
            if (!values.Contains(value)) throw new FormatException($"there is no {axis} '{value}'; did you mean '{Nearest.To(value, values)[0]}'? There is {string.Join(", ", values)}");
            if (!wanted.TryAdd(axis, value)) throw new FormatException($"'{text}' names {axis} twice; give --cell twice for either of two");
        }
        return wanted.Count > 0 ? new CellSelector(text, wanted) : throw new FormatException("expected AXIS=VALUE,... and there is nothing");
    }

    bool Chooses(PipelineCell cell) => _wanted.All(wanted => Of(cell, wanted.Key) is not { } value || value == wanted.Value);

    // What names irq=msix asks for a cell that has an irq, not only for what goes before it.
    bool Means(PipelineCell cell) => _wanted.All(wanted => Of(cell, wanted.Key) == wanted.Value);

    static string? Of(PipelineCell cell, string axis) => axis switch
    {
        Phase => cell.Phase,
        Step => cell.Step.Name,
        _ => cell.Values.FirstOrDefault(at => at.Axis.Name == axis).Value?.Name,
    };

    FormatException Nothing(Pipeline pipeline, bool full)
    {
        if (!full && pipeline.Cells(full: true).Any(Means)) return new FormatException($"no cell is {_text}: of all combinations the pipeline runs so many that each value meets each other; --full runs it");
        var near = pipeline.Cells(full).OrderByDescending(cell => _wanted.Count(wanted => Of(cell, wanted.Key) == wanted.Value)).Take(3).Select(cell => cell.Selector);
        return new FormatException($"no cell is {_text}; nearest are {string.Join(" and ", near)}");
    }
}
