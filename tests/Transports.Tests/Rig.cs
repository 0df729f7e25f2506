using Understudy.Linux;
using Understudy.Pci;
using Understudy.Transports.VfioUser;

namespace Understudy.Transports.Tests;

/// <summary>A probe device behind a transport, and memory that a client can share with it.</summary>
sealed class Rig : IAsyncDisposable
{
    public const int MemorySize = 1 << 20;

    public Rig(VfioUserOptions? options = null)
    {
        Transport = new VfioUserTransport(Clock, options);
        Slot = Transport.Plug(new ProbeDevice(), "probe");
        SocketPath = (string)Transport.DeviceArguments[0]["socket"]!["path"]!;
        File = FileDescriptor.CreateMemory(MemoryName, MemorySize);
        File.SealAgainstShrinking();
        Memory = SharedMapping.Map(File, 0, MemorySize, writable: true);
    }

    public ManualClock Clock { get; } = new();

    public VfioUserTransport Transport { get; }

    public PciSlot<ProbeDevice> Slot { get; }

    public string SocketPath { get; }

    public string MemoryName { get; } = $"guest-{Guid.NewGuid():N}";

    /// <summary>The guest's memory file, and our own view of it.</summary>
    public FileDescriptor File { get; }

    public SharedMapping Memory { get; }

    public ScriptedClient Connect() => new ScriptedClient(SocketPath).Hello();

    /// <summary>A client past the point where a driver would be: memory mapped at 0, the device enabled.</summary>
    public ScriptedClient Boot()
    {
        var client = Connect();
        client.Call(2, ScriptedClient.Map(0, MemorySize), File);
        client.Enable();
        return client;
    }

    public byte[] MemoryAt(ulong offset, int count)
    {
        var data = new byte[count];
        Memory.Read(offset, data);
        return data;
    }

    public async ValueTask DisposeAsync()
    {
        await Transport.DisposeAsync();
        Memory.Dispose();
        File.Dispose();
    }
}
