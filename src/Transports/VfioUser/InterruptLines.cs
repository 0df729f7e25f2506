using Understudy.Linux;

namespace Understudy.Transports.VfioUser;

/// <summary>The eventfds through which the device's interrupts reach the machine. Everything here happens under the bus's lock.</summary>
sealed class InterruptLines(int intx, int msi, int msix)
{
    readonly EventFd?[][] _events = [new EventFd?[intx], new EventFd?[msi], new EventFd?[msix], [], []];
    readonly bool[] _pending = new bool[Math.Max(msi, msix)];

    // The event went out and the machine has not unmasked the pin since; the machine has masked it itself.
    bool _asserted, _fired, _masked;

    public int Count(int index) => _events[index].Length;

    /// <summary>The pin's level. An event goes out when it rises, and then none until the machine has unmasked the pin. One that the machine
    /// has not looked at when the pin falls is taken back: to QEMU it would be a pin that is high until the guest's next access to the card.
    /// A driver that has quieted its card makes none, and an I/O APIC whose entry it gives up meanwhile (hw/intc/ioapic.c) keeps the
    /// interrupt for good.</summary>
    public void SetIntx(bool asserted)
    {
        _asserted = asserted;
        if (asserted) FireIntx();
        else if (_fired && EventOf(IrqInfo.Intx, 0)?.Take() > 0) _fired = false;
    }

    /// <summary>Sends a message-signalled interrupt. One that comes while the machine has no event for it waits, as its pending bit would.</summary>
    public void Send(int vector)
    {
        if ((uint)vector >= (uint)_pending.Length) return;
        var target = EventOf(IrqInfo.Msix, vector) ?? EventOf(IrqInfo.Msi, vector);
        if (target is null) _pending[vector] = true;
        else target.Signal();
    }

    /// <summary>Carries out SET_IRQS.</summary>
    /// <param name="request">What to do, to which vectors.</param>
    /// <param name="data">What follows it: a byte for each vector in the Bool form.</param>
    /// <param name="descriptors">Eventfds; those that are kept own nothing any more.</param>
    /// <returns>0, or the error number for the client.</returns>
    public int Set(in SetIrqsRequest request, ReadOnlySpan<byte> data, List<FileDescriptor> descriptors)
    {
        if (request.Index >= IrqInfo.Indices) return Errno.EINVAL;
        var (index, kind, count) = ((int)request.Index, request.Flags & SetIrqsRequest.DataMask, (ulong)request.Count);
        if (request.Start + count > (ulong)_events[index].Length) return Errno.EINVAL;
        if (kind == SetIrqsRequest.Bool && (ulong)data.Length < count) return Errno.EINVAL;
        if ((request.Flags & ~(SetIrqsRequest.DataMask | SetIrqsRequest.ActionMask)) != 0) return Errno.EINVAL;
        return (request.Flags & SetIrqsRequest.ActionMask, kind) switch
        {
            (SetIrqsRequest.Trigger, SetIrqsRequest.EventFd) => Install(index, (int)request.Start, (int)count, descriptors),
            (SetIrqsRequest.Trigger, SetIrqsRequest.None) when count == 0 => Disable(index),
            (SetIrqsRequest.Trigger, SetIrqsRequest.None or SetIrqsRequest.Bool) => Trigger(request, data),
            (SetIrqsRequest.Mask or SetIrqsRequest.Unmask, SetIrqsRequest.None or SetIrqsRequest.Bool) => Mask(request, data),
            (SetIrqsRequest.Mask or SetIrqsRequest.Unmask, SetIrqsRequest.EventFd) => Errno.ENOTSUP,
            _ => Errno.EINVAL,
        };
    }

    /// <summary>The machine is gone: nothing it gave is kept. The pin's level is the device's and stays.</summary>
    public void Clear()
    {
        for (var index = 0; index < _events.Length; index++) Disable(index);
    }

    int Install(int index, int start, int count, List<FileDescriptor> descriptors)
    {
        if (descriptors.Count != 0 && descriptors.Count != count) return Errno.EINVAL;
        for (var i = 0; i < count; i++)
        {
            EventFd? replacement = null;
            if (descriptors.Count > 0 && (replacement = EventFd.From(descriptors[i])) is null) return Errno.EINVAL;
            Replace(ref _events[index][start + i], replacement);
            if (replacement is not null && index != IrqInfo.Intx && _pending[start + i])
            {
                _pending[start + i] = false;
                replacement.Signal();
            }
        }
        if (index == IrqInfo.Intx) Unmask();
        return 0;
    }

    int Disable(int index)
    {
        foreach (ref var slot in _events[index].AsSpan()) Replace(ref slot, null);
        if (index == IrqInfo.Intx) _fired = _masked = false;
        else _pending.AsSpan().Clear();
        return 0;
    }

    /// <summary>The machine asks for an interrupt itself, to try the way it takes (VFIO_DEVICE_SET_IRQS, "loopback").</summary>
    int Trigger(in SetIrqsRequest request, ReadOnlySpan<byte> data)
    {
        for (var i = 0; i < request.Count; i++)
            if (Chosen(request, data, i)) _events[request.Index][request.Start + i]?.Signal();
        return 0;
    }

    int Mask(in SetIrqsRequest request, ReadOnlySpan<byte> data)
    {
        if (request.Index != IrqInfo.Intx) return Errno.EINVAL;
        if (request.Count == 0 || !Chosen(request, data, 0)) return 0;
        if ((request.Flags & SetIrqsRequest.Unmask) != 0) Unmask();
        else _masked = true;
        return 0;
    }

    static bool Chosen(in SetIrqsRequest request, ReadOnlySpan<byte> data, int i) => (request.Flags & SetIrqsRequest.Bool) == 0 || data[i] != 0;

    void Unmask()
    {
        _fired = _masked = false;
        FireIntx();
    }

    void FireIntx()
    {
        if (!_asserted || _fired || _masked || EventOf(IrqInfo.Intx, 0) is not { } target) return;
        _fired = true;
        target.Signal();
    }

    EventFd? EventOf(int index, int vector) => vector < _events[index].Length ? _events[index][vector] : null;

    static void Replace(ref EventFd? slot, EventFd? replacement)
    {
        slot?.Dispose();
        slot = replacement;
    }
}
