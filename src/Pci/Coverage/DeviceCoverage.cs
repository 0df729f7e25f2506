namespace Understudy.Pci;

/// <summary>Remembers what of its device a driver has met: registers, fields and their values, capabilities, interrupts. All from the register
/// maps; an access costs a look-up, and nothing is allocated. Belongs outside of a <see cref="FaultInjector"/>: it counts what the driver saw, and what
/// a fault has kept from the other side was not met.</summary>
public sealed class DeviceCoverage : BusInterceptor
{
    readonly Dictionary<RegisterFile, RegisterMeter[]> _files = [];
    readonly List<RegisterMeter> _registers = [];
    readonly long[] _messages = new long[2048];
    long _pin;
    PciSlot? _slot;

    /// <inheritdoc/>
    public override void Handle(ref BusTransaction transaction, BusPath next)
    {
        next.Send(ref transaction);
        if (transaction.Status != BusStatus.Ok) return;
        switch (transaction.Op)
        {
            case BusOp.Interrupt: _messages[transaction.Address & 2047]++; break;
            case BusOp.IntxAssert: _pin++; break;
            case BusOp.ConfigRead or BusOp.ConfigWrite or BusOp.MmioRead or BusOp.MmioWrite: Met(transaction); break;
        }
    }

    /// <summary>What has been met so far, and what has not. Takes the lock.</summary>
    public IReadOnlyList<RegisterCoverage> Registers
    {
        get { lock (Slot.Clock.Gate) return [.. _registers.Select(register => register.Snapshot())]; }
    }

    /// <summary>The interrupts the device has, <c>INTx</c> and <c>vector 0</c> and so on, and how often each was sent. Takes the lock.</summary>
    public IReadOnlyList<(string Name, long Count)> Interrupts
    {
        get
        {
            lock (Slot.Clock.Gate)
            {
                var vectors = Math.Max(Slot.MsiVectors, Slot.MsixVectors);
                return [.. Slot.Device.IntxPin != 0 ? [("INTx", _pin)] : Array.Empty<(string, long)>(), .. Enumerable.Range(0, vectors).Select(vector => ($"vector {vector}", _messages[vector]))];
            }
        }
    }

    /// <summary>The capabilities the device has, by the names of their classes, and whether the driver or its kernel has read or written one.
    /// A read of all of configuration space at once reads none. Takes the lock.</summary>
    public IReadOnlyList<(string Name, bool Read, bool Written)> Capabilities
    {
        get { lock (Slot.Clock.Gate) return [.. Slot.Device.Capabilities.Select(Capability)]; }
    }

    /// <inheritdoc/>
    protected internal override void Attached(PciSlot slot)
    {
        if (_slot is not null) throw new InvalidOperationException("A coverage belongs to one slot.");
        _slot = slot;
        Add(slot.ConfigRegisters, slot.ConfigMap.Name);
        foreach (var bar in slot.Device.Bars)
            if (bar is { Kind: not BarKind.Rom }) Add(bar.Registers, bar.Registers.Map.Name);
    }

    PciSlot Slot => _slot ?? throw new InvalidOperationException("The coverage is not on a slot yet.");

    void Met(in BusTransaction transaction)
    {
        var isConfig = transaction.Op <= BusOp.ConfigWrite;
        // The machine copies configuration space when it starts; that is no driver's read.
        if (isConfig && transaction.Length > 8) return;
        var offset = (int)transaction.Address;
        var file = isConfig ? Slot.ConfigRegisters : Slot.RegistersAt(transaction, out offset);
        if (file is null) return;
        var written = !transaction.WriteData.IsEmpty;
        for (var walk = new RegisterWalk(file, offset, transaction.Length); walk.MoveNext();)
            if (walk.Register is { } register && _files.TryGetValue(walk.File, out var covered))
                covered[register.Index].Meet(written ? walk.Value(transaction.WriteData) : walk.Value(transaction.ReadData), walk.Covered, written);
    }

    (string, bool, bool) Capability(Capability capability)
    {
        var (read, written) = (false, false);
        foreach (var register in _files[Slot.ConfigRegisters])
            if (register.Offset >= capability.Offset && register.Offset < capability.Offset + capability.AlignedLength)
                (read, written) = (read | register.Reads > 0, written | register.Writes > 0);
        return (capability.GetType().Name, read, written);
    }

    // The elements of an array are one thing to a datasheet.
    void Add(RegisterFile file, string prefix)
    {
        var arrays = new Dictionary<string, RegisterMeter>();
        _files[file] = [.. file.Map.Registers.Select(register =>
        {
            var bracket = register.Name.IndexOf('[', StringComparison.Ordinal);
            var name = bracket < 0 ? register.Name : $"{register.Name[..bracket]}[]";
            if (arrays.TryGetValue(name, out var known)) return known;
            _registers.Add(arrays[name] = new RegisterMeter($"{prefix}.{name}", register));
            return arrays[name];
        })];
        foreach (var block in file.Map.Blocks) Add(file[block], $"{prefix}.{block.Name}");
    }
}
