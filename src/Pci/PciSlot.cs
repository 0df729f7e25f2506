using System.Diagnostics.CodeAnalysis;

namespace Understudy.Pci;

/// <summary>Where a device meets a machine: configuration space, BARs, command gating, capabilities, interrupts, DMA, the lock, the clock,
/// the interceptors and the findings. A transport calls the downstream methods, from any thread; a model's calls come back out through
/// <see cref="IPciBus"/>. Whatever the machine does, and whatever a model throws, comes out as a status: nothing escapes.</summary>
public class PciSlot
{
    const int MostFindings = 1000;

    readonly IPciBus _bus;
    readonly ConfigSpace _config;
    readonly Msi? _msi;
    readonly Msix? _msix;
    readonly BusPath _down, _up;
    readonly BusInterceptor[] _interceptors; // an array: walking it allocates nothing
    readonly HashSet<(string Check, ulong Key)> _found = [];
    readonly List<BusFinding> _findings = [];
    readonly HashSet<int> _asserted = [];
    bool _intx, _crashed;

    /// <summary>Plugs a device in.</summary>
    /// <param name="bus">The machine.</param>
    /// <param name="device">The device; it stays in this slot for good.</param>
    /// <param name="interceptors">What sits between them, outermost first.</param>
    /// <param name="seed">Seed of the device's random source.</param>
    public PciSlot(IPciBus bus, PciDevice device, IReadOnlyList<BusInterceptor>? interceptors = null, int seed = 0)
    {
        (_bus, Device, _interceptors, Random) = (bus, device, [.. interceptors ?? []], new Random(seed));
        _msi = device.Capabilities.OfType<Msi>().FirstOrDefault();
        _msix = device.Capabilities.OfType<Msix>().FirstOrDefault();
        CheckMsixBar();
        _config = new ConfigSpace(device);
        _config.Registers.OnWrite(_config.Command, _ => InterruptModeWritten());
        foreach (var capability in device.Capabilities) capability.Attach(this, _config.Registers);
        foreach (var bar in device.Bars)
            if (bar is not null) bar.Registers.NotModelled = register => Report("not-modelled", $"{register} was written; the model only stores it");
        _down = BusPath.Through(_interceptors, new ToDevice(this));
        _up = BusPath.Through(_interceptors, new ToMachine(this));
        foreach (var interceptor in _interceptors) interceptor.Attached(this);
        device.Plug(this);
    }

    /// <summary>The device.</summary>
    public PciDevice Device { get; }

    /// <summary>The bus's time and lock.</summary>
    public DeviceClock Clock => _bus.Clock;

    /// <summary>The device's random source.</summary>
    public Random Random { get; }

    /// <summary>The map of configuration space, built from what the device declared.</summary>
    public RegisterMap ConfigMap => _config.Map;

    /// <summary>MSI vectors the device asks for; 0 without the capability.</summary>
    public int MsiVectors => _msi?.Vectors ?? 0;

    /// <summary>MSI-X vectors the device has; 0 without the capability.</summary>
    public int MsixVectors => _msix?.Vectors ?? 0;

    /// <summary>Raised under the lock for every new finding.</summary>
    [SuppressMessage("Design", "CA1003", Justification = "An event of the hot path's kind: no sender, no allocation.")]
    public event Action<BusFinding>? Found;

    /// <summary>What has been found so far, each once.</summary>
    public IReadOnlyList<BusFinding> Findings
    {
        get { lock (Clock.Gate) return [.. _findings]; }
    }

    /// <summary>The machine reads a BAR (0 to 5, 6 for the ROM). On any status but Ok <paramref name="data"/> is all ones.</summary>
    public BusStatus Read(int bar, ulong offset, Span<byte> data)
    {
        var transaction = new BusTransaction { Op = BusOp.MmioRead, Bar = (byte)bar, Address = offset, ReadData = data };
        return FromMachine(ref transaction);
    }

    /// <summary>The machine writes a BAR.</summary>
    public BusStatus Write(int bar, ulong offset, ReadOnlySpan<byte> data)
    {
        var transaction = new BusTransaction { Op = BusOp.MmioWrite, Bar = (byte)bar, Address = offset, WriteData = data };
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
                Crashed(exception, transaction.Op.ToString());
                transaction.Status = BusStatus.UnsupportedRequest;
            }
        }
        if (transaction.Status != BusStatus.Ok) transaction.ReadData.Fill(0xFF);
        return transaction.Status;
    }

    internal void RunTimer(string name, Action callback)
    {
        foreach (var interceptor in _interceptors) interceptor.Noted(NoteKind.Timer, name);
        try
        {
            if (!_crashed) callback();
        }
        catch (Exception exception)
        {
            Crashed(exception, $"timer {name}");
        }
    }


    internal void Report(string check, string text, string detail = "")
    {
        if (IsNew(check, (ulong)text.GetHashCode(StringComparison.Ordinal))) Add(check, text, detail);
    }

    // Asked before a text is put together: what a driver repeats a million times must cost nothing.
    bool IsNew(string check, ulong key) => _findings.Count < MostFindings && _found.Add((check, key));

    void Add(string check, string text, string detail = "")
    {
        var finding = new BusFinding(check, text, Clock.Now, detail);
        _findings.Add(finding);
        foreach (var interceptor in _interceptors) interceptor.Noted(NoteKind.Finding, text);
        Found?.Invoke(finding);
    }

    internal bool IsBusMaster => _config.BusMaster;

    internal bool SendDma(BusOp op, ulong address, Span<byte> read, ReadOnlySpan<byte> write)
    {
        if (!_config.BusMaster)
        {
            Report("dma-without-bus-master", "DMA while Bus Master Enable is off or the device is not in D0");
            return false;
        }
        var transaction = new BusTransaction { Op = op, Address = address, ReadData = read, WriteData = write };
        _up.Send(ref transaction);
        return transaction.Status == BusStatus.Ok;
    }

    internal void SetLevel(int vector, bool asserted)
    {
        if (asserted)
        {
            _asserted.Add(vector);
            if (MessagesEnabled) Fire(vector);
        }
        else
        {
            _asserted.Remove(vector);
        }
        UpdateIntx();
    }

    internal void Pulse(int vector)
    {
        if (MessagesEnabled) Fire(vector);
        else Report("interrupt-lost", "the device pulsed an interrupt while the driver had neither MSI nor MSI-X enabled");
    }

    /// <summary>A vector that was masked while it fired is masked no longer.</summary>
    internal void Release(int vector)
    {
        SetPending(vector, false);
        SendMessage(vector);
    }

    internal void InterruptModeWritten() => UpdateIntx();

    internal void FunctionLevelReset()
    {
        var transaction = new BusTransaction { Op = BusOp.Reset };
        _down.Send(ref transaction);
    }

    bool MsixEnabled => _msix is not null && _msix.IsEnabled(_config.Registers);

    bool MsiEnabled => _msi is not null && _msi.IsEnabled(_config.Registers);

    bool MessagesEnabled => MsixEnabled || MsiEnabled;

    void Fire(int vector)
    {
        if (MsixEnabled)
        {
            if (vector >= _msix!.Vectors) Report("no-such-vector", $"the device raised vector {vector} of {_msix.Vectors}");
            else if (!_bus.OwnsMsixTable && _msix.IsMasked(_config.Registers, vector)) SetPending(vector, true);
            else SendMessage(vector);
            return;
        }
        vector = _msi!.Granted(_config.Registers, vector);
        if (_msi.IsMasked(_config.Registers, vector)) SetPending(vector, true);
        else SendMessage(vector);
    }

    void SetPending(int vector, bool pending)
    {
        if (MsixEnabled) _msix!.SetPending(vector, pending);
        else _msi?.SetPending(_config.Registers, vector, pending);
    }

    void SendMessage(int vector)
    {
        if (!_config.BusMaster)
        {
            if (IsNew("message-without-bus-master", (ulong)vector))
                Add("message-without-bus-master", $"vector {vector} was raised while Bus Master Enable is off or the device is not in D0");
            return;
        }
        var transaction = new BusTransaction { Op = BusOp.Interrupt, Address = (ulong)vector };
        _up.Send(ref transaction);
    }

    void UpdateIntx()
    {
        var condition = _asserted.Count > 0 && Device.IntxPin != 0 && !MessagesEnabled;
        _config.InterruptStatus = condition;
        var level = condition && !_config.IntxDisabled;
        if (level == _intx) return;
        _intx = level;
        var transaction = new BusTransaction { Op = level ? BusOp.IntxAssert : BusOp.IntxDeassert };
        _up.Send(ref transaction);
    }

    void ResetFunction()
    {
        _crashed = false;
        _asserted.Clear();
        _config.Registers.Reset();
        _msix?.Reset();
        Device.ResetAll();
        UpdateIntx();
    }

    void Crashed(Exception exception, string during)
    {
        _crashed = true;
        var tail = _interceptors.OfType<TraceRecorder>().FirstOrDefault()?.Tail(16) ?? "";
        Report("model-crashed", $"{Device.GetType().Name} threw {exception.GetType().Name} during {during}: {exception.Message}", $"{exception}\n{tail}");
    }

    void CheckMsixBar()
    {
        if (_msix is null) return;
        if (_msix.Bar is < 0 or > 5 || Device.Bars[_msix.Bar] is not { } bar || bar.Size < (ulong)_msix.BarBytes)
            throw new ArgumentException($"{Device.GetType().Name}: BAR {_msix.Bar} does not cover the {_msix.BarBytes} bytes of its MSI-X table and pending bits", "device");
    }

    private protected void Stimulus(Action action, string text)
    {
        lock (Clock.Gate)
        {
            foreach (var interceptor in _interceptors) interceptor.Noted(NoteKind.Stimulus, text);
            action();
        }
    }

    sealed class ToDevice(PciSlot slot) : BusPath
    {
        public override void Send(ref BusTransaction transaction)
        {
            switch (transaction.Op)
            {
                case BusOp.Reset: slot.ResetFunction(); break;
                case BusOp.ConfigRead: slot._config.Registers.Read((int)transaction.Address, transaction.ReadData); break;
                case BusOp.ConfigWrite: slot._config.Registers.Write((int)transaction.Address, transaction.WriteData); break;
                default: slot.Access(ref transaction); break;
            }
        }
    }

    void Access(ref BusTransaction transaction)
    {
        var bar = transaction.Bar < 7 ? Device.Bars[transaction.Bar] : null;
        if (bar is null || _crashed || !_config.Decodes(bar) || transaction.Address > bar.Size || (ulong)transaction.Length > bar.Size - transaction.Address)
        {
            transaction.Status = BusStatus.UnsupportedRequest;
            if (bar is not null && !_crashed && IsNew("access-while-off", transaction.Address << 3 | transaction.Bar))
                Add("access-while-off", $"{transaction.Op} of BAR {bar.Index} at 0x{transaction.Address:x}, which the device does not decode now");
            return;
        }
        var file = bar.Registers;
        var offset = (int)transaction.Address;
        if (_msix is not null && _msix.Bar == bar.Index && _msix.At(transaction.Address, out var inFile) is { } msix) (file, offset) = (msix, inFile);
        var known = transaction.Op == BusOp.MmioRead ? file.Read(offset, transaction.ReadData) : file.Write(offset, transaction.WriteData);
        if (!known && IsNew("undocumented-offset", transaction.Address << 3 | transaction.Bar))
            Add("undocumented-offset", $"{transaction.Op} of {transaction.Length} bytes at {file.Map.Name}+0x{offset:x}, where the datasheet is silent");
    }

    sealed class ToMachine(PciSlot slot) : BusPath
    {
        public override void Send(ref BusTransaction transaction)
        {
            switch (transaction.Op)
            {
                case BusOp.Interrupt: slot._bus.SendMessage((int)transaction.Address, slot.MessageFor((int)transaction.Address)); break;
                case BusOp.IntxAssert: slot._bus.SetIntx(true); break;
                case BusOp.IntxDeassert: slot._bus.SetIntx(false); break;
                default: slot.Transfer(ref transaction); break;
            }
        }
    }

    MsiMessage MessageFor(int vector)
        => MsixEnabled ? _bus.OwnsMsixTable ? default : _msix!.Message(vector) : _msi!.Message(_config.Registers, vector);

    void Transfer(ref BusTransaction transaction)
    {
        var done = transaction.Op == BusOp.DmaRead
            ? _bus.TryReadMemory(transaction.Address, transaction.ReadData)
            : _bus.TryWriteMemory(transaction.Address, transaction.WriteData);
        if (done) return;
        transaction.Status = BusStatus.UnsupportedRequest;
        if (IsNew("dma-unmapped", transaction.Address >> 12))
            Add("dma-unmapped", $"{transaction.Op} of {transaction.Length} bytes at bus address 0x{transaction.Address:x}, which is not mapped");
    }
}
