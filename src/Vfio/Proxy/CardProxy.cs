using System.Numerics;
using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>A card in a slot of ours: what a machine asks of its BARs, the card answers, and what the card signals, the machine gets; so the
/// machine's own driver drives the card, and everything that stands on the bus sees it. Configuration space is ours, with the
/// card's identity, BARs, and its capabilities for power, PCI Express, MSI and MSI-X; others are not shown. The card's DMA goes to memory by
/// itself and is seen by nobody.</summary>
public sealed class CardProxy : PciDevice, IDisposable
{
    const int Spaces = 7;       // I/O, memory, and the bus as a master
    const int Command = 0x04, FirstBar = 0x10, CapabilityList = 0x34, Pin = 0x3D;
    readonly VfioDevice _card;
    readonly List<DmaBuffer> _memory = [];
    readonly InterruptLine[] _lines;
    readonly Msi? _msi;
    readonly Msix? _msix;
    readonly byte[] _written = new byte[256];
    ProxyInterrupts? _interrupts;
    InterruptKind? _kind;
    bool _pinMasked;

    /// <summary>Stands in for a card. Give <see cref="Watcher"/> to the slot, too.</summary>
    /// <param name="card">The card, which stays the caller's, and which nobody else uses meanwhile.</param>
    /// <param name="model">A model of that card, whose names its registers get; null for offsets.</param>
    /// <exception cref="VfioException">A BAR of the card is too large to be shown, 2 GiB or more.</exception>
    public CardProxy(VfioDevice card, PciDevice? model = null) : base(Identify(card))
    {
        _card = card;
        Watcher = new ConfigWatcher(this);
        for (var bar = 0; bar < 6; bar++)
            if (card.BarBytes(bar) > 0) Show(bar, model);
        foreach (var (id, at) in CapabilitiesOf(card))
            switch (id)
            {
                case 0x01: Has(new PowerManagement()); break;
                case 0x05: _msi = Has(new Msi(Math.Min(32, card.Interrupts(InterruptKind.Msi)))); break;
                case 0x10: Has(new PciExpress()); break;
                case 0x11 when card.ReadConfig<uint>(at + 4) is var table && (table & 7) == (card.ReadConfig<uint>(at + 8) & 7):
                    _msix = Has(new Msix(card.Interrupts(InterruptKind.Msix), (int)(table & 7), (int)(table & ~7u), (int)(card.ReadConfig<uint>(at + 8) & ~7u)));
                    break;
            }
        if (card.ReadConfig<byte>(Pin) is >= 1 and <= 4 and var pin) HasIntx(pin);
        _lines = [.. Enumerable.Range(0, Math.Max(1, Math.Max(_msi?.Vectors ?? 0, _msix?.Vectors ?? 0))).Select(Interrupt)];
    }

    /// <summary>What the slot needs beside the device: it tells the card what the machine writes to configuration space.</summary>
    public BusInterceptor Watcher { get; }

    /// <summary>Lets the card reach memory of the machine, at the machine's address. The memory is this one's from then on.</summary>
    /// <exception cref="VfioException">The IOMMU does not take it.</exception>
    public void Map(ulong address, SharedMapping memory) => _memory.Add(_card.Iommu.Map(memory, address));

    /// <summary>Takes memory back that lies between these addresses, both included.</summary>
    public void Unmap(ulong first, ulong last)
    {
        foreach (var gone in _memory.Where(one => one.Iova >= first && one.Iova + (one.Size - 1) <= last).ToList())
        {
            gone.Dispose();
            _memory.Remove(gone);
        }
    }

    /// <summary>Turns the card's interrupts and bus mastering off, and gives all memory back.</summary>
    public void Dispose()
    {
        _interrupts?.Dispose();
        _interrupts = null;
        _card.BusMaster = false;
        Unmap(0, ulong.MaxValue);
    }

    /// <inheritdoc/>
    protected override bool Answer(ref BusTransaction transaction)
    {
        if (transaction.Op == BusOp.MmioRead) _card.ReadBar(transaction.Bar, transaction.Address, transaction.ReadData);
        else _card.WriteBar(transaction.Bar, transaction.Address, transaction.WriteData);
        UnmaskPin();
        return true;
    }

    /// <inheritdoc/>
    protected override void PluggedIn() => Switch();

    /// <inheritdoc/>
    protected override void OnReset()
    {
        Array.Clear(_written);
        _card.WriteConfig(Command, (ushort)(_card.ReadConfig<ushort>(Command) & ~Spaces));
        if (_card.CanReset) _card.Reset();
        _kind = null;
        Switch();
    }

    internal void Fired(int vector)
    {
        if (_kind != InterruptKind.Intx)
        {
            _lines[vector].Pulse();
            return;
        }
        // The kernel masked the card's pin. Whether the driver has dealt with the cause shows when it is let go again.
        _pinMasked = true;
        _lines[0].Set(true);
    }

    // A driver that touches the card is one that deals with its interrupt.
    void UnmaskPin()
    {
        if (!_pinMasked) return;
        LowerPin();
        _interrupts?.Unmask();
    }

    void LowerPin()
    {
        if (_pinMasked) _lines[0].Set(false);
        _pinMasked = false;
    }

    void ConfigWritten(int offset, ReadOnlySpan<byte> data)
    {
        if (offset >= _written.Length) return;
        data[..Math.Min(data.Length, _written.Length - offset)].CopyTo(_written.AsSpan(offset));
        var command = _card.ReadConfig<ushort>(Command);
        var wanted = (ushort)(command & ~Spaces | _written[Command] & Spaces);
        if (wanted != command) _card.WriteConfig(Command, wanted);
        Switch();
    }

    // The card signals in the way that the machine has enabled.
    void Switch()
    {
        InterruptKind? wanted = _msix is not null && (_written[_msix.Offset + 3] & 0x80) != 0 ? InterruptKind.Msix
            : _msi is not null && (_written[_msi.Offset + 2] & 1) != 0 ? InterruptKind.Msi
            : IntxPin > 0 && _card.Interrupts(InterruptKind.Intx) > 0 ? InterruptKind.Intx : null;
        if (wanted == _kind) return;
        _interrupts?.Dispose();
        LowerPin();
        _kind = wanted;
        _interrupts = wanted is { } kind ? new ProxyInterrupts(_card.EnableInterrupts(kind), Gate, Fired) : null;
    }

    Lock Gate => ((ConfigWatcher)Watcher).Gate ?? throw new InvalidOperationException("The slot of a CardProxy needs its Watcher among the interceptors.");

    void Show(int bar, PciDevice? model)
    {
        var bits = _card.ReadConfig<uint>(FirstBar + 4 * bar);
        var kind = (bits & 1) != 0 ? BarKind.Io : (bits & 6) == 4 ? BarKind.Memory64 : BarKind.Memory32;
        var bytes = _card.BarBytes(bar);
        if (bytes > 1 << 30) throw new VfioException($"{_card.Name}: BAR {bar} has {bytes >> 20} MiB, which is more than can be shown here");
        var named = model?.Bars[bar]?.Registers.Map;
        var map = named is not null && BitOperations.RoundUpToPowerOf2((ulong)named.Size) == bytes ? named : new RegisterMap($"BAR{bar}", (int)bytes);
        Bar(bar, map, kind, prefetchable: kind != BarKind.Io && (bits & 8) != 0);
    }

    static PciIdentity Identify(VfioDevice card)
    {
        ArgumentNullException.ThrowIfNull(card);
        var revisionAndClass = card.ReadConfig<uint>(0x08);
        return new PciIdentity(card.VendorId, card.DeviceId, revisionAndClass >> 8, (byte)revisionAndClass, card.ReadConfig<ushort>(0x2C), card.ReadConfig<ushort>(0x2E));
    }

    // The list may be broken, as all of a card may: it is followed no longer than it can be.
    static IEnumerable<(byte Id, int At)> CapabilitiesOf(VfioDevice card)
    {
        if ((card.ReadConfig<ushort>(0x06) & 0x10) == 0) yield break;
        var seen = new HashSet<byte>();
        for (var (at, left) = (card.ReadConfig<byte>(CapabilityList) & ~3, 48); at >= 0x40 && left > 0; at = card.ReadConfig<byte>(at + 1) & ~3, left--)
            if (card.ReadConfig<byte>(at) is not 0xFF and var id && seen.Add(id)) yield return (id, at);
    }

    sealed class ConfigWatcher(CardProxy proxy) : BusInterceptor
    {
        public Lock? Gate { get; private set; }

        public override void Handle(ref BusTransaction transaction, BusPath next)
        {
            next.Send(ref transaction);
            if (transaction is { Op: BusOp.ConfigWrite, Status: BusStatus.Ok }) proxy.ConfigWritten((int)transaction.Address, transaction.WriteData);
        }

        protected override void Attached(PciSlot slot) => Gate = slot.Clock.Gate;
    }
}
