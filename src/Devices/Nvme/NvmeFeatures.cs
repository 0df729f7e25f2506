using System.Buffers.Binary;

namespace Understudy.Devices;

/// <summary>What Set Features and Get Features know (NVM Express Base 1.4, 5.21). Nothing can be saved: a controller reset brings the
/// defaults back.</summary>
sealed class NvmeFeatures
{
    const int Arbitration = 0x01, Power = 0x02, TemperatureThreshold = 0x04, ErrorRecovery = 0x05, VolatileWriteCache = 0x06, NumberOfQueues = 0x07,
        InterruptCoalescing = 0x08, InterruptVector = 0x09, WriteAtomicity = 0x0A, AsyncEvents = 0x0B, Timestamp = 0x0E;
    const uint Save = 1u << 31;
    const uint Changeable = 1 << 2, OfNamespace = 1 << 1;
    const uint HealthTemperature = 1 << 1, NamespaceNotices = 1 << 8;

    readonly Nvme _nvme;
    readonly uint[] _values = new uint[AsyncEvents + 1];
    readonly bool[] _coalescingOff = new bool[NvmeRegisters.MostQueues + 1];
    ulong _timestamp;
    long _timestampSetAt;
    ushort _overThreshold, _underThreshold;

    public NvmeFeatures(Nvme nvme)
    {
        _nvme = nvme;
        Reset();
    }

    public bool WriteCache => (_values[VolatileWriteCache] & 1) != 0;

    public bool WantsNamespaceNotices => (_values[AsyncEvents] & NamespaceNotices) != 0;

    public bool WantsTemperatureEvents => (_values[AsyncEvents] & HealthTemperature) != 0;

    public bool IsOutOfBounds(ushort kelvin) => kelvin >= _overThreshold || kelvin <= _underThreshold;

    /// <summary>Submission and completion queues the host may create; what it asked for, as far as there are some.</summary>
    public (int Submission, int Completion) Queues { get; private set; }

    public void Reset()
    {
        for (var i = 0; i < _values.Length; i++) _values[i] = DefaultOf(i);
        Array.Clear(_coalescingOff);
        (_timestamp, _timestampSetAt) = (0, 0);
        (_overThreshold, _underThreshold) = (NvmeIdentify.WarningTemperature, 0);
        Queues = (_nvme.MostIoQueues, _nvme.MostIoQueues);
    }

    public NvmeStatus Get(in NvmeCommand command, Span<byte> data, out uint result, out int bytes)
    {
        (result, bytes) = (0, 0);
        var (feature, select) = ((int)(command.Dword10 & 0xFF), (int)(command.Dword10 >> 8 & 7));
        if (!Exists(feature) || select > 3) return NvmeStatus.InvalidField;
        if (select == 3)
        {
            result = feature == Power ? 0 : Changeable | (feature == ErrorRecovery ? OfNamespace : 0);
            return NvmeStatus.Success;
        }
        if (feature == Timestamp)
        {
            bytes = 8;
            BinaryPrimitives.WriteUInt64LittleEndian(data, select == 0 ? TimestampNow : 0);
            return NvmeStatus.Success;
        }
        if (feature == InterruptVector && (command.Dword11 & 0xFFFF) > _nvme.MostIoQueues) return NvmeStatus.InvalidField;
        result = select == 0 ? Current(feature, command.Dword11) : DefaultOf(feature);
        return NvmeStatus.Success;
    }

    public NvmeStatus Set(in NvmeCommand command, ReadOnlySpan<byte> data, out uint result)
    {
        result = 0;
        var feature = (int)(command.Dword10 & 0xFF);
        if (!Exists(feature)) return NvmeStatus.InvalidField;
        if ((command.Dword10 & Save) != 0) return NvmeStatus.FeatureNotSaveable;
        switch (feature)
        {
            case Power: return (command.Dword11 & 0x1F) == 0 ? NvmeStatus.Success : NvmeStatus.InvalidField;
            case NumberOfQueues: return SetQueues(command.Dword11, out result);
            case TemperatureThreshold: return SetThreshold(command.Dword11);
            case InterruptVector: return SetVector(command.Dword11);
            case Timestamp:
                (_timestamp, _timestampSetAt) = (BinaryPrimitives.ReadUInt64LittleEndian(data) & 0xFFFF_FFFF_FFFF, _nvme.Time);
                return NvmeStatus.Success;
            case VolatileWriteCache: return SetWriteCache(command.Dword11);
            default:
                _values[feature] = command.Dword11;
                return NvmeStatus.Success;
        }
    }

    public static int DataBytes(in NvmeCommand command) => (command.Dword10 & 0xFF) == Timestamp ? 8 : 0;

    static bool Exists(int feature) => feature is Arbitration or Power or (>= TemperatureThreshold and <= AsyncEvents) or Timestamp;

    // Thresholds and vectors are kept elsewhere; a burst of 64 is "no limit".
    uint DefaultOf(int feature) => feature switch
    {
        Arbitration => 7,
        TemperatureThreshold => NvmeIdentify.WarningTemperature,
        VolatileWriteCache => 1,
        NumberOfQueues => (uint)(_nvme.MostIoQueues - 1) * 0x1_0001,
        _ => 0,
    };

    uint Current(int feature, uint dword11) => feature switch
    {
        TemperatureThreshold => (dword11 >> 20 & 3) == 0 ? _overThreshold : _underThreshold,
        NumberOfQueues => (uint)(Queues.Submission - 1) | (uint)(Queues.Completion - 1) << 16,
        InterruptVector => (dword11 & 0xFFFF) | (_coalescingOff[dword11 & 0xFFFF] ? 1u << 16 : 0),
        _ => _values[feature],
    };

    // Milliseconds since the time it was set to; the origin says whether the host ever set it.
    ulong TimestampNow => ((_timestamp + (ulong)((_nvme.Time - _timestampSetAt) / 1_000_000)) & 0xFFFF_FFFF_FFFF) | (_timestamp == 0 ? 0 : 1UL << 49);

    NvmeStatus SetQueues(uint wanted, out uint result)
    {
        result = 0;
        if (_nvme.Queues.AnyForIo) return NvmeStatus.CommandSequenceError;
        if ((wanted & 0xFFFF) == 0xFFFF || wanted >> 16 == 0xFFFF) return NvmeStatus.InvalidField;
        Queues = (Math.Min((int)(wanted & 0xFFFF) + 1, _nvme.MostIoQueues), Math.Min((int)(wanted >> 16) + 1, _nvme.MostIoQueues));
        result = Current(NumberOfQueues, 0);
        return NvmeStatus.Success;
    }

    NvmeStatus SetThreshold(uint dword11)
    {
        var (kelvin, sensor, kind) = ((ushort)dword11, (int)(dword11 >> 16 & 15), (int)(dword11 >> 20 & 3));
        if (kind > 1 || sensor is not (0 or 1 or 15)) return NvmeStatus.InvalidField;
        if (kind == 0) _overThreshold = kelvin;
        else _underThreshold = kelvin;
        _nvme.CheckTemperature();
        return NvmeStatus.Success;
    }

    NvmeStatus SetVector(uint dword11)
    {
        if ((dword11 & 0xFFFF) > _nvme.MostIoQueues) return NvmeStatus.InvalidField;
        _coalescingOff[dword11 & 0xFFFF] = (dword11 >> 16 & 1) != 0;
        return NvmeStatus.Success;
    }

    // Turning the cache off makes what is in it last.
    NvmeStatus SetWriteCache(uint dword11)
    {
        var flushed = true;
        if (WriteCache && (dword11 & 1) == 0)
            foreach (var space in _nvme.NamespaceArray) flushed &= space.Media.Flush();
        _values[VolatileWriteCache] = dword11 & 1;
        return flushed ? NvmeStatus.Success : NvmeStatus.WriteFault;
    }
}
