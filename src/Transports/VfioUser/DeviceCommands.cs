using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Transports.VfioUser;

/// <summary>Carries out what a client asks of one device. Each command gives 0 or the error number for the client, and the length of the
/// answer it left in the buffer; what is wrong with a command never is an exception.</summary>
sealed class DeviceCommands
{
    readonly VfioUserServer _device;
    readonly PciSlot _slot;
    readonly bool _writeMultiple;
    readonly ulong[] _sizes = new ulong[RegionInfo.Count];   // of each region; 0 where there is none

    public DeviceCommands(VfioUserServer device, PciSlot slot, bool writeMultiple)
    {
        (_device, _slot, _writeMultiple) = (device, slot, writeMultiple);
        for (var i = 0; i < slot.Device.Bars.Count; i++) _sizes[i] = slot.Device.Bars[i]?.Size ?? 0;
        // QEMU takes a function with the larger space for a PCI Express one.
        _sizes[RegionInfo.Config] = slot.Device.Capabilities.Any(capability => capability is PciExpress) ? 4096u : 256u;
    }

    public int Execute(Command command, ReadOnlySpan<byte> body, List<FileDescriptor> descriptors, Span<byte> answer, out int length)
    {
        length = 0;
        switch (command)
        {
            case Command.RegionRead: return RegionRead(body, answer, out length);
            case Command.RegionWrite: return RegionWrite(body, answer, out length);
            case Command.RegionWriteMulti when _writeMultiple: return RegionWriteMulti(body, answer, out length);
            case Command.SetIrqs: return SetIrqs(body, descriptors);
            case Command.DmaMap: return DmaMap(body, descriptors);
            case Command.DmaUnmap: return DmaUnmap(body, answer, out length);
            case Command.DeviceGetInfo: return GetInfo(body, answer, out length);
            case Command.GetRegionInfo: return GetRegionInfo(body, answer, out length);
            case Command.GetIrqInfo: return GetIrqInfo(body, answer, out length);
            case Command.DeviceReset: _slot.Reset(); return 0;
            case Command.Version: return Errno.EINVAL;
            default: return Errno.ENOSYS;
        }
    }

    int RegionRead(ReadOnlySpan<byte> body, Span<byte> answer, out int length)
    {
        length = 0;
        if (!MemoryMarshal.TryRead(body, out RegionAccess access) || !IsInside(access)) return Errno.EINVAL;
        MemoryMarshal.Write(answer, access);
        var data = answer.Slice(RegionAccess.Bytes, (int)access.Count);
        if (access.Region == RegionInfo.Config) _slot.ReadConfig((int)access.Offset, data);
        else _slot.Read((int)access.Region, access.Offset, data);
        length = RegionAccess.Bytes + data.Length;
        return 0;
    }

    int RegionWrite(ReadOnlySpan<byte> body, Span<byte> answer, out int length)
    {
        length = 0;
        if (!MemoryMarshal.TryRead(body, out RegionAccess access) || !IsInside(access)) return Errno.EINVAL;
        if (access.Count != (uint)(body.Length - RegionAccess.Bytes)) return Errno.EINVAL;
        Write(access, body[RegionAccess.Bytes..]);
        MemoryMarshal.Write(answer, access);
        length = RegionAccess.Bytes;
        return 0;
    }

    int RegionWriteMulti(ReadOnlySpan<byte> body, Span<byte> answer, out int length)
    {
        length = 0;
        if (!MemoryMarshal.TryRead(body, out ulong count)) return Errno.EINVAL;
        body = body[sizeof(ulong)..];
        if (count != (ulong)body.Length / RegionAccess.MultiBytes || body.Length % RegionAccess.MultiBytes != 0) return Errno.EINVAL;
        var error = 0;
        for (; !body.IsEmpty; body = body[RegionAccess.MultiBytes..])
        {
            var access = MemoryMarshal.Read<RegionAccess>(body);
            if (access.Count <= RegionAccess.MultiData && IsInside(access)) Write(access, body.Slice(RegionAccess.Bytes, (int)access.Count));
            else error = Errno.EINVAL;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(answer, count);
        length = error == 0 ? sizeof(ulong) : 0;
        return error;
    }

    void Write(in RegionAccess access, ReadOnlySpan<byte> data)
    {
        if (access.Region == RegionInfo.Config) _slot.WriteConfig((int)access.Offset, data);
        else _slot.Write((int)access.Region, access.Offset, data);
    }

    bool IsInside(in RegionAccess access) => access.Region < RegionInfo.Count && access.Count is > 0 and <= Connection.MaxTransfer
        && access.Offset <= _sizes[access.Region] && access.Count <= _sizes[access.Region] - access.Offset;

    int SetIrqs(ReadOnlySpan<byte> body, List<FileDescriptor> descriptors)
    {
        if (!MemoryMarshal.TryRead(body, out SetIrqsRequest request)) return Errno.EINVAL;
        lock (_slot.Clock.Gate) return _device.Lines.Set(request, body[SetIrqsRequest.Bytes..], descriptors);
    }

    int DmaMap(ReadOnlySpan<byte> body, List<FileDescriptor> descriptors)
    {
        if (!MemoryMarshal.TryRead(body, out DmaMapRequest request) || descriptors.Count > 1) return Errno.EINVAL;
        int error;
        string refusal;
        lock (_slot.Clock.Gate) error = _device.Memory.Map(request, descriptors.Count == 0 ? null : descriptors[0], out refusal);
        if (error == 0) _device.Watcher?.Mapped(request.Address, request.Size, descriptors.Count == 0 ? null : descriptors[0], request.Offset, (request.Flags & DmaMapRequest.Writable) != 0);
        if (refusal != "") _device.Found("vfio-user-map", $"memory at 0x{request.Address:x} was refused: {refusal}");
        return error;
    }

    int DmaUnmap(ReadOnlySpan<byte> body, Span<byte> answer, out int length)
    {
        length = 0;
        if (!MemoryMarshal.TryRead(body, out DmaUnmapRequest request)) return Errno.EINVAL;
        int error;
        lock (_slot.Clock.Gate) error = _device.Memory.Unmap(request);
        if (error == 0)
        {
            var all = (request.Flags & DmaUnmapRequest.All) != 0;
            _device.Watcher?.Unmapped(all ? 0 : request.Address, all ? ulong.MaxValue : request.Address + (request.Size - 1));
        }
        return error != 0 ? error : Answer(answer, request, out length);
    }

    static int GetInfo(ReadOnlySpan<byte> body, Span<byte> answer, out int length)
    {
        length = 0;
        return !MemoryMarshal.TryRead(body, out DeviceInfo _)
            ? Errno.EINVAL
            : Answer(answer, new DeviceInfo(16, DeviceInfo.CanReset | DeviceInfo.Pci, RegionInfo.Count, IrqInfo.Indices), out length);
    }

    int GetRegionInfo(ReadOnlySpan<byte> body, Span<byte> answer, out int length)
    {
        length = 0;
        if (!MemoryMarshal.TryRead(body, out RegionInfo request) || request.ArgSize < RegionInfo.Bytes || request.Index >= RegionInfo.Count) return Errno.EINVAL;
        var size = _sizes[request.Index];
        var flags = size == 0 ? 0 : request.Index == RegionInfo.Rom ? RegionInfo.Readable : RegionInfo.Readable | RegionInfo.Writable;
        return Answer(answer, new RegionInfo(RegionInfo.Bytes, flags, request.Index, 0, size, 0), out length);
    }

    int GetIrqInfo(ReadOnlySpan<byte> body, Span<byte> answer, out int length)
    {
        length = 0;
        if (!MemoryMarshal.TryRead(body, out IrqInfo request) || request.Index >= IrqInfo.Indices) return Errno.EINVAL;
        var count = (uint)_device.Lines.Count((int)request.Index);
        var flags = count == 0 ? 0 : request.Index == IrqInfo.Intx ? IrqInfo.EventFd | IrqInfo.Maskable | IrqInfo.AutoMasked : IrqInfo.EventFd;
        return Answer(answer, new IrqInfo(16, flags, request.Index, count), out length);
    }

    static int Answer<T>(Span<byte> answer, in T value, out int length) where T : unmanaged
    {
        MemoryMarshal.Write(answer, value);
        length = System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
        return 0;
    }
}
