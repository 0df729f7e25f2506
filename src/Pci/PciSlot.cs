using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>Where a device meets a machine: configuration space, BARs, command gating, capabilities, interrupts, DMA, the lock, the clock,
/// the interceptors and the findings. A transport calls the downstream methods, from any thread; a model's calls come back out through
/// <see cref="IPciBus"/>. Whatever the machine does, and whatever a model throws, comes out as a status: nothing escapes.</summary>
public class PciSlot
{
    readonly IPciBus _bus;
    readonly ConfigSpace _config;
    readonly Msix? _msix;
    readonly BusPath _down, _up, _upFromFaults;
    readonly DeviceEdge? _edge;
    readonly BusInterceptor[] _interceptors; // an array: walking it allocates nothing
    readonly FindingLog _findings = new();
    bool _crashed, _wasBusMaster;

    /// <summary>Plugs a device in.</summary>
    /// <param name="bus">The machine.</param>
    /// <param name="device">The device; it stays in this slot for good.</param>
    /// <param name="interceptors">What sits between them, outermost first.</param>
    /// <param name="seed">Seed of the device's random source.</param>
    public PciSlot(IPciBus bus, PciDevice device, IReadOnlyList<BusInterceptor>? interceptors = null, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(bus);
        ArgumentNullException.ThrowIfNull(device);
        (_bus, Clock, Device, _interceptors, Random, Seed) = (bus, bus.Clock, device, [.. interceptors ?? []], new Random(seed), seed);
        _msix = device.Capabilities.OfType<Msix>().FirstOrDefault();
        _msix?.CheckBar(device);
        _config = new ConfigSpace(device);
        Interrupts = new InterruptDelivery(this, bus, _config, device.Capabilities.OfType<Msi>().FirstOrDefault(), _msix);
        _config.Registers.OnWrite(_config.Command, _ => CommandOrPowerWritten());
        foreach (var capability in device.Capabilities) capability.Attach(this, _config.Registers);
        foreach (var bar in device.Bars)
            if (bar is not null) bar.Registers.NotModelled = NotModelled;
        var between = _interceptors.Where(interceptor => interceptor is not DeviceEdge).ToList();
        _edge = _interceptors.OfType<DeviceEdge>().SingleOrDefault();
        BusInterceptor[] edge = _edge is null ? [] : [_edge];
        _down = BusPath.Through([.. between, .. edge], new ToDevice(this));
        _upFromFaults = BusPath.Through(between, new ToMachine(this));
        _up = BusPath.Through(edge, _upFromFaults);
        foreach (var interceptor in _interceptors) interceptor.Attached(this);
        lock (Clock.Gate) device.Plug(this);
    }

    /// <summary>The device.</summary>
    public PciDevice Device { get; }

    /// <summary>The bus's time and lock.</summary>
    public DeviceClock Clock { get; }

    /// <summary>The device's random source.</summary>
    public Random Random { get; }

    /// <summary>The map of configuration space, built from what the device declared.</summary>
    public RegisterMap ConfigMap => _config.Map;

    /// <summary>MSI vectors the device asks for; 0 without the capability.</summary>
    public int MsiVectors => Device.Capabilities.OfType<Msi>().FirstOrDefault()?.Vectors ?? 0;

    /// <summary>MSI-X vectors the device has; 0 without the capability.</summary>
    public int MsixVectors => _msix?.Vectors ?? 0;

    /// <summary>Raised under the lock for every new finding. Must not throw.</summary>
    [SuppressMessage("Design", "CA1003", Justification = "An event of the hot path's kind: no sender, no allocation.")]
    public event Action<BusFinding>? Found;

    /// <summary>What has been found so far, each once, and at most 100 of one check.</summary>
    public IReadOnlyList<BusFinding> Findings
    {
        get { lock (Clock.Gate) return _findings.Snapshot(); }
    }

    /// <summary>The machine reads a BAR (0 to 5, 6 for the ROM). On any status but Ok <paramref name="data"/> is all ones.</summary>
    public BusStatus Read(int bar, ulong offset, Span<byte> data)
    {
        var transaction = new BusTransaction { Op = BusOp.MmioRead, Bar = BarNumber(bar), Address = offset, ReadData = data };
        return FromMachine(ref transaction);
    }

    /// <summary>The machine writes a BAR.</summary>
    public BusStatus Write(int bar, ulong offset, ReadOnlySpan<byte> data)
    {
        var transaction = new BusTransaction { Op = BusOp.MmioWrite, Bar = BarNumber(bar), Address = offset, WriteData = data };
        return FromMachine(ref transaction);
    }

    /// <summary>The machine reads configuration space, any number of bytes.</summary>
    public BusStatus ReadConfig(int offset, Span<byte> data)
    {
        var transaction = new BusTransaction { Op = BusOp.ConfigRead, Address = (ulong)offset, ReadData = data };
        return FromMachine(ref transaction);
    }

    /// <summary>The machine writes configuration space.</summary>
    public BusStatus WriteConfig(int offset, ReadOnlySpan<byte> data)
    {
        var transaction = new BusTransaction { Op = BusOp.ConfigWrite, Address = (ulong)offset, WriteData = data };
        return FromMachine(ref transaction);
    }

    /// <summary>The machine resets the device: registers, configuration space, timers, interrupts.</summary>
    public void Reset()
    {
        var transaction = new BusTransaction { Op = BusOp.Reset };
        FromMachine(ref transaction);
    }

    BusStatus FromMachine(ref BusTransaction transaction)
    {
        lock (Clock.Gate)
        {
            try
            {
                Clock.BeforeAccess();
                _down.Send(ref transaction);
            }
            catch (Exception exception)
            {
                Crashed(exception, $"{transaction.Op}, in an interceptor");
                transaction.Refuse(BusStatus.UnsupportedRequest);
            }
        }
        if (transaction.Status != BusStatus.Ok) transaction.Refuse(transaction.Status);
        return transaction.Status;
    }

    // A number that no BAR has stays one: a cast alone would fold 256 to 0.
    static byte BarNumber(int bar) => bar is >= 0 and <= 6 ? (byte)bar : byte.MaxValue;

    internal InterruptDelivery Interrupts { get; }

    internal int Seed { get; }

    internal bool IsPowered => _bus.IsPowered;

    internal bool MachineOwnsMsixTable => _bus.OwnsMsixTable;

    internal DeviceTimer NewTimer(Action callback, string name) => new(Clock, name, () => RunTimer(name, callback, evenCrashed: false));

    /// <summary>A timer of the bus, which a model that crashed does not stop.</summary>
    internal DeviceTimer NewBusTimer(Action callback, string name) => new(Clock, name, () => RunTimer(name, callback, evenCrashed: true));

    void RunTimer(string name, Action callback, bool evenCrashed)
    {
        try
        {
            Note(NoteKind.Timer, name);
            if (!_crashed || evenCrashed) callback();
        }
        catch (Exception exception)
        {
            Crashed(exception, $"timer {name}");
        }
    }

    internal void Report(string check, string text, string detail = "")
    {
        if (_findings.IsNew(check, (ulong)text.GetHashCode(StringComparison.Ordinal))) Add(check, text, detail);
    }

    internal void ReportOnce(string check, ulong key, Func<ulong, string> text)
    {
        if (_findings.IsNew(check, key)) Add(check, text(key));
    }

    void NotModelled(Register register)
    {
        if (_findings.IsNew("not-modelled", (ulong)RuntimeHelpers.GetHashCode(register)))
            Add("not-modelled", $"{register} was written; the model only stores it");
    }

    void Add(string check, string text, string detail = "")
    {
        var finding = _findings.Add(check, text, Clock.Now, detail);
        Note(NoteKind.Finding, finding.Text);
        Found?.Invoke(finding);
    }

    internal bool IsNewFinding(string check, ulong key) => _findings.IsNew(check, key);

    internal void AddFinding(string check, string text) => Add(check, text);

    internal bool IsBusMaster => _config.BusMaster;

    /// <summary>The Command register or the power state was written, and with it perhaps what the device may do.</summary>
    internal void CommandOrPowerWritten()
    {
        Interrupts.Update();
        if (_wasBusMaster == IsBusMaster) return;
        _wasBusMaster = IsBusMaster;
        if (_wasBusMaster && !_crashed) Device.BecameBusMaster();
    }

    internal RegisterFile ConfigRegisters => _config.Registers;

    /// <summary>The MSI-X table is kept here, not by the machine.</summary>
    internal bool OwnsMsixTable => _msix is not null && !_bus.OwnsMsixTable && Interrupts.MsixIsActive;

    /// <summary>The device is there, and what the machine wrote to configuration space makes it answer at this BAR.</summary>
    internal bool Decodes(int bar) => !_crashed && bar < 7 && Device.Bars[bar] is { } decoded && _config.Decodes(decoded);

    /// <summary>The registers an MMIO access meets; null where it meets none.</summary>
    internal RegisterFile? RegistersAt(in BusTransaction transaction, out int offset)
    {
        offset = (int)transaction.Address;
        if (transaction.Bar > 6 || Device.Bars[transaction.Bar] is not { } bar || !Reaches(bar, transaction)) return null;
        if (_msix is null || _msix.Bar != bar.Index || _msix.At(transaction.Address, out var inFile) is not { } msix) return bar.Registers;
        offset = inFile;
        return msix;
    }

    static bool Reaches(PciBar bar, in BusTransaction transaction)
        => transaction.Address <= bar.Size && (ulong)transaction.Length <= bar.Size - transaction.Address;

    internal bool SendDma(BusOp op, ulong address, Span<byte> read, ReadOnlySpan<byte> write, Type? structure = null, bool isBody = false)
    {
        if (!_bus.IsPowered) return false;
        if (!_config.BusMaster)
        {
            Report("dma-without-bus-master", "DMA while Bus Master Enable is off or the device is not in D0");
            return false;
        }
        var transaction = new BusTransaction { Op = op, Address = address, ReadData = read, WriteData = write, Structure = structure, IsDescriptorBody = isBody };
        _up.Send(ref transaction);
        if (transaction.Status != BusStatus.Ok) transaction.Refuse(transaction.Status);
        // Writes are posted: a device never learns that one was lost on the way.
        return transaction.Status == BusStatus.Ok || (op == BusOp.DmaWrite && transaction.Status == BusStatus.Dropped);
    }

    /// <summary>The device interrupts.</summary>
    internal void Interrupt(BusOp op, ulong address)
    {
        var transaction = new BusTransaction { Op = op, Address = address };
        _up.Send(ref transaction);
    }

    /// <summary>Something comes up the bus that the device has not sent.</summary>
    internal void SendUp(BusOp op, ulong address)
    {
        var transaction = new BusTransaction { Op = op, Address = address };
        IsFaultsOwn = true;
        try
        {
            _upFromFaults.Send(ref transaction);
        }
        finally
        {
            IsFaultsOwn = false;
        }
    }

    /// <summary>What passes now is a fault's own doing: nobody is to blame for it.</summary>
    internal bool IsFaultsOwn { get; private set; }

    /// <summary>The card is gone from the bus, and with it the level of its INTx pin.</summary>
    internal void Pulled() => _bus.SetIntx(false);

    /// <summary>The maps behind the BARs, and where in its BAR each starts.</summary>
    internal IEnumerable<(int Bar, int Start, RegisterMap Map)> Maps()
    {
        foreach (var (start, map) in _msix?.Maps ?? []) yield return (_msix!.Bar, start, map);
        foreach (var bar in Device.Bars)
            if (bar is not null) yield return (bar.Index, 0, bar.Registers.Map);
    }

    internal void FunctionLevelReset()
    {
        var transaction = new BusTransaction { Op = BusOp.Reset };
        _down.Send(ref transaction);
    }

    /// <summary>The function is reset without a transaction that says so.</summary>
    internal void ResetFunction()
    {
        _edge?.WasReset(function: true);
        Reborn();
    }

    void Reborn()
    {
        (_crashed, _wasBusMaster) = (false, false);
        _config.Registers.Reset();
        _msix?.Reset();
        ForgetAll();
    }

    /// <summary>The device resets itself: what the machine set up in configuration space and the MSI-X table stays.</summary>
    internal void ResetDevice()
    {
        _edge?.WasReset(function: false);
        ForgetAll();
    }

    void ForgetAll()
    {
        Misled = null;
        Interrupts.Reset();
        Device.ResetAll();
    }

    /// <summary>The fault that has lied to the device since its last reset; null for none. What it does by that is not the driver's mistake.</summary>
    internal string? Misled { get; set; }

    internal void Note(NoteKind kind, string text)
    {
        foreach (var interceptor in _interceptors) interceptor.Noted(kind, text);
    }

    void Crashed(Exception exception, string during)
    {
        _crashed = true;
        var tail = _interceptors.OfType<TraceRecorder>().FirstOrDefault()?.Tail(16) ?? "";
        Report("model-crashed", $"{Device.GetType().Name} threw {exception.GetType().Name} during {during}: {exception.Message}", $"{exception}\n{tail}");
    }

    /// <summary>Does something to the device from outside, under the lock, as one step with <paramref name="text"/> as its line in the trace.
    /// Exceptions come back to the caller.</summary>
    public TResult Stimulate<TResult>(string text, Func<PciDevice, TResult> action)
    {
        lock (Clock.Gate)
        {
            Note(NoteKind.Stimulus, text);
            return action(Device);
        }
    }

    /// <summary>As <see cref="Stimulate"/>, for what words say: from those alone it can be done again in a replay.</summary>
    /// <param name="words">The words, without the device's name: <c>cable off</c>.</param>
    /// <param name="text">The line in the trace.</param>
    /// <param name="action">Does it.</param>
    public TResult Order<TResult>(string words, string text, Func<PciDevice, TResult> action)
    {
        lock (Clock.Gate)
        {
            _edge?.Ordered(words);
            foreach (var interceptor in _interceptors)
                if (interceptor != _edge) interceptor.Noted(NoteKind.Stimulus, text);
            return action(Device);
        }
    }

    sealed class ToDevice(PciSlot slot) : BusPath
    {
        public override void Send(ref BusTransaction transaction)
        {
            try
            {
                slot.Deliver(ref transaction);
            }
            catch (Exception exception)
            {
                slot.Crashed(exception, transaction.Op.ToString());
                transaction.Refuse(BusStatus.UnsupportedRequest);
            }
        }
    }

    void Deliver(ref BusTransaction transaction)
    {
        switch (transaction.Op)
        {
            case BusOp.Reset: Reborn(); break;
            case BusOp.ConfigRead or BusOp.ConfigWrite: AccessConfig(ref transaction); break;
            default: Access(ref transaction); break;
        }
    }

    void AccessConfig(ref BusTransaction transaction)
    {
        if (transaction.Address > ConfigSpace.Bytes || (ulong)transaction.Length > ConfigSpace.Bytes - transaction.Address)
            transaction.Refuse(BusStatus.UnsupportedRequest);
        else if (transaction.Op == BusOp.ConfigRead)
            _config.Registers.Read((int)transaction.Address, transaction.ReadData);
        else
            _config.Registers.Write((int)transaction.Address, transaction.WriteData);
    }

    void Access(ref BusTransaction transaction)
    {
        var bar = transaction.Bar < 7 ? Device.Bars[transaction.Bar] : null;
        if (bar is null || _crashed || !_config.Decodes(bar) || RegistersAt(transaction, out var offset) is not { } file)
        {
            transaction.Refuse(BusStatus.UnsupportedRequest);
            if (bar is not null && !_crashed) NotDecoded(bar, transaction);
            return;
        }
        if (bar.Kind == BarKind.Rom && transaction.Op == BusOp.MmioWrite) return;
        if (ReferenceEquals(file, bar.Registers) && Device.Answer(ref transaction)) return;
        var known = transaction.Op == BusOp.MmioRead ? file.Read(offset, transaction.ReadData) : file.Write(offset, transaction.WriteData);
        if (!known && _findings.IsNew("undocumented-offset", transaction.Address << 3 | transaction.Bar))
            Add("undocumented-offset", $"{transaction.Op} of {transaction.Length} bytes at {file.Map.Name}+0x{offset:x}, where the datasheet is silent");
    }

    void NotDecoded(PciBar bar, in BusTransaction transaction)
    {
        var (check, why) = !_config.InD0 ? ("access-in-d3", "while the function is in D3")
            : !Reaches(bar, transaction) ? ("access-while-off", "which ends before that")
            : ("access-while-off", bar.Kind switch
            {
                BarKind.Io => "while I/O Space Enable is off",
                BarKind.Rom => "while it is not enabled",
                _ => "while Memory Space Enable is off",
            });
        if (_findings.IsNew(check, transaction.Address << 3 | transaction.Bar)) Add(check, $"{transaction.Op} at 0x{transaction.Address:x} of BAR {bar.Index}, {why}");
    }

    sealed class ToMachine(PciSlot slot) : BusPath
    {
        public override void Send(ref BusTransaction transaction)
        {
            switch (transaction.Op)
            {
                case BusOp.Interrupt: slot._bus.SendMessage((int)transaction.Address, slot.Interrupts.MessageFor((int)transaction.Address)); break;
                case BusOp.IntxAssert: slot._bus.SetIntx(true); break;
                case BusOp.IntxDeassert: slot._bus.SetIntx(false); break;
                default: slot.Transfer(ref transaction); break;
            }
        }
    }

    void Transfer(ref BusTransaction transaction)
    {
        var done = transaction.Op == BusOp.DmaRead
            ? _bus.TryReadMemory(transaction.Address, transaction.ReadData)
            : _bus.TryWriteMemory(transaction.Address, transaction.WriteData);
        if (done) return;
        transaction.Refuse(BusStatus.UnsupportedRequest);
        var check = Misled is null ? "dma-unmapped" : "dma-misled";
        if (!transaction.IsFaulted && _findings.IsNew(check, transaction.Address >> 12))
            Add(check, $"{transaction.Op} of {transaction.Length} bytes at bus address 0x{transaction.Address:x}, which is not mapped{(Misled is null ? "" : $", after the fault '{Misled}'")}");
    }
}
