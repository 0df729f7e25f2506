namespace Understudy.Verdict.Traces;

/// <summary>The frames on a network card's wire, where the run has captured them.</summary>
sealed class PcapExport : ITraceExport
{
    const string Capture = "wire.pcap";

    public string Format => "pcap";

    public string What => "Wireshark, tcpdump: the frames on a network card's wire";

    public void Write(RunRecord run, IEnumerable<TraceRecord> lines, Stream to)
    {
        var file = Path.Combine(run.Path, Capture);
        if (!File.Exists(file)) throw new InvalidDataException($"{run.Path} has no {Capture}: only a run with a network card whose wire was captured has one, as 'understudy demo' leaves it");
        using var from = File.OpenRead(file);
        from.CopyTo(to);
    }
}
