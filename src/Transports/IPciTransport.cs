using System.Text.Json.Nodes;
using Understudy.Pci;

namespace Understudy.Transports;

/// <summary>Carries devices into a machine: all that a board sees of a transport.</summary>
public interface IPciTransport : IAsyncDisposable
{
    /// <summary>What the machine must be told, one object for each plugged device in the order of plugging; fresh copies. For QEMU each is
    /// the value of a <c>-device</c> option in its JSON form and the arguments of <c>device_add</c>; the board adds <c>bus</c>.</summary>
    IReadOnlyList<JsonObject> DeviceArguments { get; }

    /// <summary>What the machine's side did that it must not do, each once; empty on a good day.</summary>
    IReadOnlyList<BusFinding> Findings { get; }

    /// <summary>Puts a device where a machine can reach it. From any thread, at any time; a machine may already be running.</summary>
    /// <param name="device">The device; it must not be in a slot yet.</param>
    /// <param name="name">What the machine calls it: a letter, then letters, digits, <c>-</c>, <c>_</c> and <c>.</c>; unique here.</param>
    /// <param name="interceptors">What sits between machine and device, outermost first.</param>
    /// <exception cref="ArgumentException">The name is taken or not a name, or the device cannot be plugged.</exception>
    PciSlot<T> Plug<T>(T device, string name, params IReadOnlyList<BusInterceptor> interceptors) where T : PciDevice;

    /// <summary>Ends when the transport has been disposed of and the last device is served no more; faults if serving one failed for a
    /// reason of ours.</summary>
    Task Completion { get; }
}
