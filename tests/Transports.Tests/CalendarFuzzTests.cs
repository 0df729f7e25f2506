using Understudy.Linux;
using Understudy.Transports.TimeTravel;

namespace Understudy.Transports.Tests;

[Collection(nameof(FuzzTests))]
public sealed class CalendarFuzzTests(ITestOutputHelper output)
{
    const int Sessions = 200, MostInSession = 2000;

    [Fact]
    public async Task Guests_that_say_anything_at_any_time_neither_crash_nor_hang_it()
    {
        var seed = Environment.GetEnvironmentVariable("UNDERSTUDY_FUZZ_SEED") is { Length: > 0 } text ? int.Parse(text) : Random.Shared.Next();
        output.WriteLine($"seed {seed}: set UNDERSTUDY_FUZZ_SEED to repeat");
        var random = new Random(seed);
        var (sent, answered) = (0, 0);
        for (var i = 0; i < Sessions; i++)
        {
            var session = await Task.Run(() => Run(new Random(random.Next()))).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            Assert.True(session.Crash is null, $"seed {seed}, session {i}: {session.Crash}");
            (sent, answered) = (sent + session.Sent, answered + session.Answered);
        }
        Assert.True(answered > sent / 10, $"seed {seed}: only {answered} of {sent} messages were answered, so this test has lost its teeth");
        output.WriteLine($"{sent} messages, {answered} answers");
    }

    static (int Sent, int Answered, string? Crash) Run(Random random)
    {
        using var rig = new TimeRig();
        var (ours, its) = UnixSocket.Pair();
        using var end = its;
        using var line = rig.Calendar.Serve(ours);
        var (sent, answered) = (0, 0);
        using (var guest = rig.Connect())
        {
            try
            {
                for (; sent < MostInSession; sent++)
                {
                    Disturb(rig, end, random);
                    guest.SayRaw(Wild(random));
                    if (random.Next(2000) == 0) guest.SayBytes(new byte[random.Next(40)]);
                    answered += guest.Drain();
                }
            }
            catch (LinuxException)
            {
                // The calendar has had enough of it.
            }
        }
        return (sent, answered, rig.Complaints.FirstOrDefault(text => text.Contains("Exception", StringComparison.Ordinal)));
    }

    static void Disturb(TimeRig rig, UnixSocket line, Random random)
    {
        switch (random.Next(40))
        {
            case 0: rig.Calendar.Begin(); break;
            case 1: rig.Calendar.End(); break;
            case 2: rig.Calendar.Hold(); break;
            case 3: rig.Calendar.Release(); break;
            case 4: line.TrySend(new byte[random.Next(1, 100)]); break;
        }
    }

    static TimeMessage Wild(Random random)
    {
        var op = random.Next(500) == 0 ? (TimeOp)random.Next() : (TimeOp)random.Next(7) switch { TimeOp.Run => TimeOp.GetTimeOfDay, var usual => usual };
        var time = random.Next(4) switch { 0 => (ulong)random.NextInt64(), 1 => ulong.MaxValue - (ulong)random.Next(3), _ => (ulong)random.Next(100_000) };
        return new(op, (uint)random.Next(), time);
    }
}
