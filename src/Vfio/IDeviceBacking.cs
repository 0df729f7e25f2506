using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>What stands behind a <see cref="VfioDevice"/>: a card that the kernel's VFIO gives, or a model in this process.</summary>
interface IDeviceBacking : IDisposable
{
    /// <summary>What to call it in messages: <c>0000:6a:01.0</c>.</summary>
    string Name { get; }

    bool CanReset { get; }

    /// <summary>Bytes of a BAR, 0 where there is none.</summary>
    ulong BarBytes(int bar);

    /// <summary>A BAR as memory of this process; null where it is none.</summary>
    SharedMapping? BarMemory(int bar);

    /// <summary>How many interrupts of a kind there are.</summary>
    int Count(InterruptKind kind);

    void ReadConfig(int offset, Span<byte> destination);

    void WriteConfig(int offset, ReadOnlySpan<byte> source);

    void ReadBar(int bar, ulong offset, Span<byte> destination);

    void WriteBar(int bar, ulong offset, ReadOnlySpan<byte> source);

    /// <summary>Writes 64 bytes that the device sees whole, where the processor can.</summary>
    void StoreBar(int bar, ulong offset, ReadOnlySpan<byte> source);

    /// <summary>From now on these interrupts, from vector <paramref name="first"/> on, signal these counters.</summary>
    void Enable(InterruptKind kind, int first, IReadOnlyList<EventFd> events);

    /// <summary>All interrupts of a kind are off.</summary>
    void Disable(InterruptKind kind);

    /// <summary>Signals as the device would.</summary>
    void Trigger(InterruptKind kind, int vector);

    void Mask(InterruptKind kind, bool masked);

    void Reset();

    /// <summary>What may be done with a feature.</summary>
    FeatureAccess Probe(DeviceFeature feature);

    /// <summary>The number that a feature is.</summary>
    ulong GetFeature(DeviceFeature feature);

    /// <summary>Sets a feature, with what belongs to it.</summary>
    void SetFeature(DeviceFeature feature, ReadOnlySpan<byte> value);

    /// <summary>The devices that a hot reset resets, this one among them; none where there is no hot reset.</summary>
    IReadOnlyList<string> HotResetGroup();

    /// <summary>Resets all of them.</summary>
    void HotReset();
}
