using System.Globalization;
using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>Intel Data Streaming Accelerator, version 1: eight work queues, four engines, a command register; copies, fills, compares and sums
/// memory as descriptors say. Driven by <c>idxd.ko</c> and by the kernel's VFIO selftests.</summary>
public sealed partial class Dsa : PciDevice
{
    internal const long NanosecondsPerDescriptor = 100;
    internal const uint BytesPerNanosecond = 32;

    readonly RegisterFile _registers;
    readonly DsaWorkQueue[] _queues;
    readonly DsaEngine[] _engines;
    readonly DsaGroup[] _groups;
    readonly DsaPortals _portals;
    readonly DsaCommands _commands;
    readonly InterruptLine[] _vectors;

    /// <summary>A function, the one of the options' defaults unless told.</summary>
    public Dsa(DsaOptions? options = null) : base(new PciIdentity(Vendor: 0x8086, Device: (options ?? new()).DeviceId, ClassCode: 0x088000, SubsystemVendor: 0x8086))
    {
        Options = options ?? new();
        if (Options.TransferShift is < 12 or > 31)
            throw new ArgumentOutOfRangeException(nameof(options), $"TransferShift is the logarithm of a size: 12 (4 KiB) to 31 (2 GiB), not {Options.TransferShift}");
        _registers = Bar(0, DsaRegisters.Map, BarKind.Memory64, prefetchable: true);
        _portals = new DsaPortals(this, Bar(2, DsaRegisters.Portals.Map, BarKind.Memory64, prefetchable: true));
        Has(new PowerManagement());
        Has(new PciExpress());
        Has(new Msix(DsaRegisters.WorkQueues + 1, bar: 0, DsaRegisters.MsixTable, DsaRegisters.MsixPending));
        Moves<DsaDescriptor>();
        Moves<DsaCompletion>();
        _vectors = [.. Enumerable.Range(0, DsaRegisters.WorkQueues + 1).Select(Interrupt)];
        _queues = [.. Enumerable.Range(0, DsaRegisters.WorkQueues).Select(n => new DsaWorkQueue(this, _registers[DsaRegisters.QueueConfiguration[n]], n))];
        _engines = [.. Enumerable.Range(0, DsaRegisters.Engines).Select(n => new DsaEngine(this, n))];
        _groups = [.. Enumerable.Range(0, DsaRegisters.Groups).Select(n => new DsaGroup(this, _registers[DsaRegisters.GroupConfiguration[n]], n))];
        _commands = new DsaCommands(this, _registers);
        DeclareSelf();
    }

    /// <summary>Which one it is.</summary>
    public DsaOptions Options { get; }

    /// <summary>What it is doing.</summary>
    public DsaState State
    {
        get => _registers.Get(DsaRegisters.State);
        private set => _registers.Set(DsaRegisters.State, value);
    }

    /// <summary>Descriptors that have ended, well or not, batches counted beside what is in them.</summary>
    public long Descriptors { get; private set; }

    /// <summary>Descriptors that have ended with an error.</summary>
    public long Failures { get; private set; }

    /// <summary>Bytes that descriptors have gone through, copied or not.</summary>
    public long BytesDone { get; private set; }

    /// <summary>Interrupts raised.</summary>
    public long Interrupts { get; private set; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{State}; queues {string.Join(" ", _queues.Where(queue => queue.IsEnabled).Select(queue => $"{queue.Number} ({queue.Count} waiting, {queue.InFlight} in flight)").DefaultIfEmpty("off"))}; {Descriptors} descriptors, {Failures} failed, {BytesDone} bytes, {Interrupts} interrupts");

    internal DsaReset NeededReset => _registers.Get(DsaRegisters.ResetType);

    internal void Find(string check, string text) => Report(check, text);

    internal bool Read(ulong address, Span<byte> data) => Dma.Read(address, data);

    internal bool Read<T>(ulong address, out T value) where T : unmanaged => Dma.Read(address, out value);

    internal bool Write(ulong address, ReadOnlySpan<byte> data) => Dma.Write(address, data);

    /// <summary>Something is to be told through INTCAUSE and vector 0.</summary>
    internal void Raise(Flag cause)
    {
        _registers[cause] = true;
        Signal(0);
    }

    /// <inheritdoc/>
    protected override void PluggedIn()
    {
        _commands.Timer = Timer(_commands.Step, "command");
        foreach (var engine in _engines) engine.Timer = Timer(engine.Step, $"engine {engine.Number}");
    }

    /// <inheritdoc/>
    protected override void OnReset()
    {
        _commands.Reset();
        ForgetAll();
    }

    void ForgetAll()
    {
        foreach (var engine in _engines) engine.Reset();
        foreach (var queue in _queues)
        {
            queue.Discard();
            queue.InFlight = 0;
            queue.Disable();
        }
        foreach (var group in _groups) group.Reset();
        _handles = 0;
        _portals.Reset();
        DeclareSelf();
    }

    void DeclareSelf()
    {
        _registers[DsaRegisters.OverlappingCopySupport] = _registers[DsaRegisters.CommandCapabilitySupport] = _registers[DsaRegisters.ConfigurationSupport] = true;
        _registers[DsaRegisters.MaximumTransferShift] = (ulong)Options.TransferShift;
        _registers[DsaRegisters.MaximumBatchShift] = DsaRegisters.MostBatchShift;
        _registers[DsaRegisters.TotalSize] = DsaRegisters.TotalQueueSize;
        _registers[DsaRegisters.QueueCount] = DsaRegisters.WorkQueues;
        _registers[DsaRegisters.DedicatedModeSupport] = _registers[DsaRegisters.PrioritySupport] = _registers[DsaRegisters.OccupancySupport] = true;
        _registers[DsaRegisters.SharedModeSupport] = Options.HasSharedQueues;
        _registers[DsaRegisters.GroupCount] = DsaRegisters.Groups;
        _registers[DsaRegisters.ReadBufferCount] = DsaRegisters.ReadBuffers;
        _registers[DsaRegisters.ReadBufferControls] = 0b11;
        foreach (var operation in Enum.GetValues<DsaOperation>()) _registers[DsaRegisters.OperationCapability[0]] |= 1UL << (int)operation;
        _registers[DsaRegisters.CommandCapability] = Options.HasInterruptHandles ? 0x7FFEu : 0x1FFEu;
    }

    void Signal(int vector)
    {
        Interrupts++;
        if (_interruptsToLose > 0) _interruptsToLose--;
        else _vectors[vector].Pulse();
    }
}
