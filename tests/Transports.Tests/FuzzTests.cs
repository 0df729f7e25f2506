using Understudy.Linux;

namespace Understudy.Transports.Tests;

/// <summary>Counts descriptors of the whole process, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(FuzzTests), DisableParallelization = true)]
public sealed class Alone;

[Collection(nameof(FuzzTests))]
public sealed class FuzzTests(ITestOutputHelper output)
{
    const int Messages = 1_000_000;

    [Fact]
    public async Task A_million_hostile_messages_neither_crash_nor_hang_nor_leak()
    {
        var seed = Environment.GetEnvironmentVariable("UNDERSTUDY_FUZZ_SEED") is { Length: > 0 } text ? int.Parse(text) : Random.Shared.Next();
        output.WriteLine($"seed {seed}: set UNDERSTUDY_FUZZ_SEED to repeat");
        await using var rig = new Rig(new() { PostedWrites = false });
        using var pool = new DescriptorPool(rig.File);
        var before = CheckServes(rig);
        var random = new Random(seed);
        var (sent, done, sessions) = (0, 0, 0);
        for (; sent < Messages; sessions++)
        {
            var session = RunSession(rig, pool, random.Next(), seed);
            (sent, done) = (sent + session.Sent, done + session.Done);
        }
        Assert.Equal($"seed {seed}: {before}", $"seed {seed}: {CheckServes(rig)}");
        Assert.True(done > Messages / 10, $"seed {seed}: only {done} commands were carried out, so this test has lost its teeth");
        Assert.DoesNotContain(rig.Transport.Findings, finding => finding.Check == "vfio-user-crashed");
        output.WriteLine($"{sent} messages in {sessions} connections, {done} done and confirmed, {rig.Slot.Findings.Count} findings about the device, {rig.Transport.Findings.Count} about the client");
    }

    static (int Sent, int Done) RunSession(Rig rig, DescriptorPool pool, int sessionSeed, int seed)
    {
        using var session = new FuzzSession(rig, pool, sessionSeed);
        try
        {
            return session.Run();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"seed {seed}, session {sessionSeed}: {exception.Message}", exception);
        }
    }

    /// <summary>A client of good manners gets what it asks for. What is open while it is the only one.</summary>
    static string CheckServes(Rig rig)
    {
        using var client = rig.Boot();
        using var events = client.Install(0, 0);
        client.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal(1UL, events.Take());
        client.Write(0, ProbeDevice.AddressAt, ScriptedClient.Bytes(0x1000UL));
        client.Write32(0, ProbeDevice.LengthAt, 16);
        client.Write32(0, ProbeDevice.CommandAt, ProbeDevice.WriteMemory);
        Assert.Equal(1u, client.Read32(0, ProbeDevice.ResultAt));
        // All that a client may send.
        return OpenDescriptors.Of("socket", "/memfd", "anon_inode");
    }
}

/// <summary>Descriptors of every kind a client may send.</summary>
sealed class DescriptorPool : IDisposable
{
    readonly FileDescriptor[] _all;
    readonly UnixSocket _other;

    public DescriptorPool(FileDescriptor memory)
    {
        var small = FileDescriptor.CreateMemory("small", 0x3000);
        small.SealAgainstShrinking();
        var (one, other) = UnixSocket.Pair();
        _other = other;
        _all = [memory, small, FileDescriptor.CreateMemory("unsealed", 0x1000), EventFd.Create(), one];
    }

    public FileDescriptor[] Take(Random random, int count)
    {
        var preferred = random.Next(_all.Length);
        return [.. Enumerable.Range(0, count).Select(_ => _all[random.Next(8) == 0 ? random.Next(_all.Length) : preferred])];
    }

    public void Dispose()
    {
        foreach (var descriptor in _all.Skip(1)) descriptor.Dispose();
        _other.Dispose();
    }
}
