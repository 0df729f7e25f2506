namespace Understudy.Bench;

/// <summary>A bench whose rounds take seconds each: each of its lines is told as soon as it is known, and the user may say how many rounds.</summary>
interface ILongBench : IBench
{
    /// <summary>Measures, line after line.</summary>
    /// <param name="samples">Rounds; null for as many as the bench thinks are enough.</param>
    /// <param name="cancel">Gives up.</param>
    IAsyncEnumerable<Measurement> MeasureAsync(int? samples, CancellationToken cancel);

    async Task<IReadOnlyList<Measurement>> IBench.RunAsync(CancellationToken cancel)
    {
        var lines = new List<Measurement>();
        await foreach (var line in MeasureAsync(null, cancel)) lines.Add(line);
        return lines;
    }
}
