using System.Diagnostics;
using Understudy.Pci;

namespace Understudy.Bench;

/// <summary>A register access through the whole of a slot: lock, clock, interceptors, gating, map, hooks, interrupt evaluation.</summary>
sealed class RegistersBench : IBench
{
    const double MostNanoseconds = 150;

    public string Name => "registers";

    public string What => "a 32-bit register access through PciSlot, against a virtual call on a byte array behind a lock";

    public Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        var plain = Plug([]);
        var watched = Plug([new TraceRecorder(), new FaultInjector()]);
        // As every run has it.
        var whole = Plug([new TraceRecorder(), new BusChecker(), new DeviceCoverage(), new FaultInjector()]);
        var recorded = Plug([new TraceRecorder(), new BusChecker(), new DeviceCoverage(), new FaultInjector(), new DeviceRecorder(Stream.Null, "card")]);
        Peer peer = new ArrayBehindLock();
        (string Case, Action<int> Piece, int? Peer)[] cases =
        [
            ("array behind a lock, read", Read(peer), null),
            ("array behind a lock, write", Write(peer), null),
            ("the host's clock, which a trace reads once", ReadClock, null),
            ("slot, read", Read(plain), 0),
            ("slot, write that evaluates an interrupt", Write(plain), 1),
            ("slot with trace and fault rule, read", Read(watched), 0),
            ("slot with trace and fault rule, write", Write(watched), 1),
            ("slot as in a run (and checks, coverage), read", Read(whole), 0),
            ("slot as in a run, write", Write(whole), 1),
            ("slot as in a recorded run, read", Read(recorded), 0),
            ("slot as in a recorded run, write", Write(recorded), 1),
        ];
        var results = Rounds.Run(iterations: 200_000, rounds: 15, [.. cases.Select(one => one.Piece)]);
        return Task.FromResult<IReadOnlyList<Measurement>>([.. cases.Select((one, i) => one.Peer is { } against
            ? Judge(one.Case, results[i], results[against])
            : new Measurement(one.Case, results[i].Nanoseconds, "ns", results[i].Bytes))]);
    }

    static Measurement Judge(string name, (double Nanoseconds, double Bytes) result, (double Nanoseconds, double Bytes) peer)
        => new(name, result.Nanoseconds, "ns", result.Bytes, result.Nanoseconds / peer.Nanoseconds, $"<= {MostNanoseconds} ns, 0 B",
            result.Nanoseconds <= MostNanoseconds && result.Bytes == 0);

    static PciSlot Plug(IReadOnlyList<BusInterceptor> interceptors)
    {
        var slot = new PciSlot(new LoopbackBus(), new Card(), interceptors);
        slot.WriteConfig(4, [7, 0]);
        foreach (var faults in interceptors.OfType<FaultInjector>()) faults.Add(FaultRule.Parse("mmio-read Bench.Mask nth=2000000000 -> drop"));
        return slot;
    }

    static void ReadClock(int times)
    {
        for (var i = 0; i < times; i++) Stopwatch.GetTimestamp();
    }

    static Action<int> Read(PciSlot slot) => times =>
    {
        Span<byte> data = stackalloc byte[4];
        for (var i = 0; i < times; i++) slot.Read(0, 0x10, data);
    };

    static Action<int> Write(PciSlot slot) => times =>
    {
        Span<byte> data = stackalloc byte[4];
        for (var i = 0; i < times; i++)
        {
            data[0] = (byte)i;
            slot.Write(0, 0x14, data);
        }
    };

    static Action<int> Read(Peer peer) => times =>
    {
        Span<byte> data = stackalloc byte[4];
        for (var i = 0; i < times; i++) peer.Read(0x10, data);
    };

    static Action<int> Write(Peer peer) => times =>
    {
        Span<byte> data = stackalloc byte[4];
        for (var i = 0; i < times; i++)
        {
            data[0] = (byte)i;
            peer.Write(0x14, data);
        }
    };

    /// <summary>A card with an interrupt status and mask among a few dozen registers.</summary>
    sealed class Card : PciDevice
    {
        static readonly RegisterMap Map = new("Bench", 4096);
        static readonly Register Status = Map.R32(0x10);
        static readonly Flag Done = Status.W1c(31);
        static readonly Register Mask = Map.R32(0x14).ReadWrite();
        static readonly RegisterArray Others = Map.Array(0x100, 64).ReadWrite();

        public Card() : base(new PciIdentity(0x1234, 0x11E8, 0xFF0000))
        {
            var file = Bar(0, Map);
            file[Others[0]] = 1;
            Interrupt(0, file, Status, Mask).Raise(Done);
        }
    }

    abstract class Peer
    {
        public abstract void Read(int offset, Span<byte> data);

        public abstract void Write(int offset, ReadOnlySpan<byte> data);
    }

    sealed class ArrayBehindLock : Peer
    {
        readonly byte[] _bytes = new byte[4096];
        readonly Lock _gate = new();

        public override void Read(int offset, Span<byte> data)
        {
            lock (_gate) _bytes.AsSpan(offset, data.Length).CopyTo(data);
        }

        public override void Write(int offset, ReadOnlySpan<byte> data)
        {
            lock (_gate) data.CopyTo(_bytes.AsSpan(offset));
        }
    }
}
