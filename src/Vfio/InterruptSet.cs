using System.Collections;
using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>Enabled interrupts of one kind, by vector. Disposing turns them off.</summary>
public sealed class InterruptSet : IReadOnlyList<Interrupt>, IDisposable
{
    readonly IDeviceBacking _device;
    readonly InterruptKind _kind;
    readonly Interrupt[] _interrupts;
    bool _disposed;

    internal InterruptSet(IDeviceBacking device, InterruptKind kind, int first, int count)
    {
        (_device, _kind) = (device, kind);
        _interrupts = [.. Enumerable.Range(first, count).Select(vector => new Interrupt(device, kind, vector, EventFd.Create()))];
        try
        {
            Enable();
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>How many there are.</summary>
    public int Count => _interrupts.Length;

    /// <summary>One of them, counted from the first that was enabled.</summary>
    public Interrupt this[int index] => _interrupts[index];

    /// <summary>Enables them again with the same counters: after a reset, which turns them off.</summary>
    public void Enable() => _device.Enable(_kind, _interrupts.Length == 0 ? 0 : _interrupts[0].Vector, [.. _interrupts.Select(interrupt => interrupt.Event)]);

    /// <inheritdoc/>
    public IEnumerator<Interrupt> GetEnumerator() => ((IEnumerable<Interrupt>)_interrupts).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _device.Disable(_kind);
        Close();
    }

    void Close()
    {
        foreach (var interrupt in _interrupts) interrupt.Event.Dispose();
    }
}
