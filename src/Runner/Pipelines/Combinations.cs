namespace Understudy.Runner.Pipelines;

/// <summary>The combinations of values a step has cells for.</summary>
static class Combinations
{
    /// <param name="step">The step.</param>
    /// <param name="full">All, also where the step wants pairs.</param>
    public static IReadOnlyList<IReadOnlyList<(PipelineAxis Axis, AxisValue Value)>> Of(PipelineStep step, bool full)
    {
        var all = step.Over.Aggregate<PipelineAxis, IEnumerable<IReadOnlyList<(PipelineAxis Axis, AxisValue Value)>>>([[]], (before, axis)
            => before.SelectMany(values => axis.Values.Select(value => (IReadOnlyList<(PipelineAxis, AxisValue)>)[.. values, (axis, value)])));
        var left = all.Where(values => !step.Excluded.Any(excluded => Fits(excluded, values))).ToList();
        return step.CoversPairs && !full ? Covering(left) : left;
    }

    public static bool Fits(IReadOnlyDictionary<string, string> pattern, IReadOnlyList<(PipelineAxis Axis, AxisValue Value)> values)
        => pattern.All(wanted => values.Any(at => at.Axis.Name == wanted.Key && at.Value.Name == wanted.Value));

    // Always the one that meets the most pairs nobody has met; of equals the first, so that it is the same every time.
    static List<IReadOnlyList<(PipelineAxis Axis, AxisValue Value)>> Covering(List<IReadOnlyList<(PipelineAxis Axis, AxisValue Value)>> all)
    {
        var pairs = all.ToDictionary(values => values, Pairs);
        var unmet = pairs.Values.SelectMany(some => some).ToHashSet();
        var chosen = new HashSet<IReadOnlyList<(PipelineAxis, AxisValue)>>();
        while (unmet.Count > 0)
        {
            var best = all.MaxBy(values => pairs[values].Count(unmet.Contains))!;
            chosen.Add(best);
            unmet.ExceptWith(pairs[best]);
        }
        return [.. all.Where(chosen.Contains)];
    }

    // A step over one axis has no pairs, and still wants each value.
    static IReadOnlyList<(string, string)> Pairs(IReadOnlyList<(PipelineAxis Axis, AxisValue Value)> values)
    {
        var names = values.Select(at => $"{at.Axis.Name}={at.Value.Name}").ToList();
        return names.Count == 1 ? [(names[0], "")] : [.. names.SelectMany((first, index) => names.Skip(index + 1).Select(second => (first, second)))];
    }
}
