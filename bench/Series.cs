namespace Understudy.Bench;

/// <summary>What one case gave in each of several interleaved rounds.</summary>
sealed class Series(string name, string unit)
{
    readonly List<double> _values = [];

    public double Median => Rounds.Median(_values);

    public void Add(double value) => _values.Add(value);

    /// <summary>The line of a peer, or of a figure nothing is asked of.</summary>
    public Measurement Line() => new(name, Median, unit, Low: _values.Min(), High: _values.Max());

    /// <summary>The line of what is compared: the ratio is the median of the rounds' own ratios, so that a load that comes and goes weighs
    /// on both sides alike.</summary>
    public Measurement Against(Series peer, string target = "", Func<double, bool>? meets = null)
    {
        var ratio = Rounds.Median(_values.Zip(peer._values, (value, other) => value / other));
        return Line() with { Ratio = ratio, Target = target, Met = meets?.Invoke(ratio) };
    }

    /// <summary>The line of a figure with a target of its own.</summary>
    public Measurement Judged(string target, Func<double, bool> meets) => Line() with { Target = target, Met = meets(Median) };
}
