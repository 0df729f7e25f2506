using System.Globalization;
using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>Intel I/OAT (CBDMA) version 3.2, as in Skylake servers: a DMA copy engine of one to four channels. Driven by <c>ioatdma.ko</c>
/// and by the kernel's VFIO selftests. Copies and null descriptors only, which is all that Linux lets this identity do.</summary>
public sealed class Ioat : PciDevice
{
    internal const long NanosecondsPerDescriptor = 200;
    internal const uint BytesPerNanosecond = 16;

    const int PieceBytes = 1 << 14;
    readonly byte[] _piece = new byte[PieceBytes];
    readonly RegisterFile _registers;
    readonly IoatChannel[] _channels;
    readonly InterruptLine[] _vectors;
    readonly InterruptLine _shared;
    (IoatError Error, int Descriptors) _injected;
    int _interruptsToLose;

    /// <summary>A function with so many channels.</summary>
    /// <param name="channels">1 to 4; Skylake's own functions have one each.</param>
    /// <param name="transferCapacity">The base-two logarithm of the most bytes one descriptor copies, 12 to 20. The VFIO selftests copy
    /// 65,535 times as much in one case.</param>
    public Ioat(int channels = 1, int transferCapacity = 14) : base(new PciIdentity(Vendor: 0x8086, Device: 0x2021, ClassCode: 0x088000, Revision: 4, SubsystemVendor: 0x8086))
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)(channels - 1), (uint)(IoatRegisters.MostChannels - 1), nameof(channels));
        if (transferCapacity is < 12 or > 20) throw new ArgumentOutOfRangeException(nameof(transferCapacity), $"XFERCAP is the logarithm of a size: 12 (4 KiB) to 20 (1 MiB), not {transferCapacity}");
        (Channels, TransferCapacity) = (channels, transferCapacity);
        _registers = Bar(0, IoatRegisters.Map, BarKind.Memory64);
        Has(new PowerManagement());
        Has(new PciExpress());
        Has(new Msix(channels, bar: 0, tableOffset: 0x2000, pendingOffset: 0x3000));
        ExtendedConfig(0x148, IoatRegisters.Uncorrectable.Map);
        HasIntx();
        Moves<IoatDescriptor>();
        _shared = Interrupt();
        _vectors = [.. Enumerable.Range(0, channels).Select(Interrupt)];
        _channels = [.. Enumerable.Range(0, channels).Select(n => new IoatChannel(this, _registers[IoatRegisters.Channels[n]], n))];
        _registers
            .OnRead(IoatRegisters.InterruptControl, InterruptControl)
            .OnWrite(IoatRegisters.InterruptControl, _ => Evaluate())
            .OnCleared(IoatRegisters.AttentionStatus, Evaluate);
        DeclareSelf();
    }

    /// <summary>Channels of this function.</summary>
    public int Channels { get; }

    /// <summary>The base-two logarithm of the most bytes one descriptor copies.</summary>
    public int TransferCapacity { get; }

    /// <summary>Descriptors executed since the card was made, null ones included.</summary>
    public long Descriptors { get; private set; }

    /// <summary>Bytes copied since the card was made.</summary>
    public long BytesCopied { get; private set; }

    /// <summary>Interrupts raised since the card was made.</summary>
    public long Interrupts { get; private set; }

    /// <summary>What a channel is doing.</summary>
    public IoatState State(int channel) => _channels[channel].State;

    /// <summary>Why a channel halted.</summary>
    public IoatError Error(int channel) => _channels[channel].Error;

    /// <summary>The next descriptors fail with this error, whichever channel executes them.</summary>
    public void FailNext(IoatError error, int descriptors = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(descriptors, 1);
        _injected = (error, descriptors);
    }

    /// <summary>The next interrupts are raised and never arrive.</summary>
    public void LoseInterrupts(int interrupts = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interrupts, 1);
        _interruptsToLose = interrupts;
    }

    /// <summary>A channel stops where it is and stays active, or goes on. A reset of the channel ends it too.</summary>
    public void Stall(int channel, bool stalled) => _channels[channel].Stalled = stalled;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{string.Join(", ", _channels.Select((channel, n) => $"channel {n} {channel.State}{(channel.Error == IoatError.None ? "" : $" ({channel.Error})")}"))}; {Descriptors} descriptors, {BytesCopied} bytes, {Interrupts} interrupts");

    /// <inheritdoc/>
    protected override void PluggedIn()
    {
        for (var n = 0; n < Channels; n++)
        {
            var channel = _channels[n];
            channel.Timer = Timer(channel.Step, $"channel {n}");
        }
    }

    /// <inheritdoc/>
    protected override void OnBusMaster()
    {
        foreach (var channel in _channels) channel.GoOn();
    }

    /// <inheritdoc/>
    protected override void OnReset()
    {
        foreach (var channel in _channels) channel.Reset();
        DeclareSelf();
    }

    /// <summary>The driver lets the card read and write memory now.</summary>
    internal bool MayMaster => IsBusMaster;

    /// <summary>Executes the descriptor at an address.</summary>
    internal IoatError Execute(ulong address, out IoatDescriptor descriptor)
    {
        descriptor = default;
        if (address % IoatDescriptor.Bytes != 0) return IoatError.DescriptorAlignment;
        if (!Dma.Read(address, out descriptor)) return IoatError.NextAddress;
        if (descriptor.Operation != 0) return IoatError.Control;
        if (descriptor.Size == 0 || descriptor.Size > 1UL << TransferCapacity) return IoatError.Length;
        if (TakeInjected() is not IoatError.None and var injected) return injected;
        var error = descriptor.Is(IoatDescriptor.Null) ? IoatError.None : Copy(descriptor);
        if (error == IoatError.None) Descriptors++;
        return error;
    }

    internal bool WriteCompletion(ulong address, ulong status) => Dma.Write(address, status);

    /// <summary>A channel interrupts: by its own vector in MSI-X mode, through ATTNSTATUS in the others.</summary>
    internal void Signal(int channel)
    {
        Interrupts++;
        if (_interruptsToLose > 0)
        {
            _interruptsToLose--;
            return;
        }
        if (_registers[IoatRegisters.MsixVectorControl])
        {
            _vectors[channel].Pulse();
            return;
        }
        _registers[IoatRegisters.Attention] |= 1u << channel;
        Evaluate();
    }

    IoatError Copy(in IoatDescriptor descriptor)
    {
        for (uint at = 0; at < descriptor.Size; at += PieceBytes)
        {
            var piece = _piece.AsSpan(0, (int)Math.Min(PieceBytes, descriptor.Size - at));
            if (!Dma.Read(descriptor.Source + at, piece)) return IoatError.ReadData;
            if (!Dma.Write(descriptor.Destination + at, piece)) return IoatError.WriteData;
            BytesCopied += piece.Length;
        }
        return IoatError.None;
    }

    IoatError TakeInjected()
    {
        if (_injected.Descriptors == 0) return IoatError.None;
        _injected.Descriptors--;
        return _injected.Error;
    }

    void DeclareSelf()
    {
        _registers[IoatRegisters.ChannelCount] = (ulong)Channels;
        _registers[IoatRegisters.TransferCapacity] = (ulong)TransferCapacity;
    }

    ulong InterruptControl()
    {
        var held = _registers[IoatRegisters.InterruptControl];
        return _registers[IoatRegisters.Attention] == 0 ? held : held | 0b010 | ((held & 1) != 0 ? 0b100u : 0);
    }

    void Evaluate() => _shared.Set(!_registers[IoatRegisters.MsixVectorControl] && _registers[IoatRegisters.MasterInterruptEnable] && _registers[IoatRegisters.Attention] != 0);
}
