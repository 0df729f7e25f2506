using Understudy.Linux;
using Understudy.Transports.VfioUser;
using static Understudy.Transports.Tests.ScriptedClient;

namespace Understudy.Transports.Tests;

public sealed class ConnectionTests
{
    public static TheoryData<byte[], string> Broken => new()
    {
        { Bytes((ushort)1, (ushort)9, 15u, 0u, 0u), "15 bytes" },
        { Bytes((ushort)1, (ushort)9, 0u, 0u, 0u), "0 bytes" },
        { Bytes((ushort)1, (ushort)9, 0xFFFFFFFFu, 0u, 0u), "4294967295 bytes" },
        { Bytes((ushort)1, (ushort)10, (uint)MessageReader.MaxMessage + 1, 0u, 0u), "are possible" },
        { Frame(1, 9, Bytes(0UL, 7u, 4u), flags: 2), "neither a command nor a reply" },
        { Frame(1, 11, Bytes(0UL, 0UL), flags: 1), "answers nothing" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_broken_stream_ends_the_connection_with_a_finding_and_the_next_client_is_served(byte[] bytes, string reason)
    {
        await using var rig = new Rig();
        using (var client = rig.Boot())
        {
            client.SendRaw(bytes);
            Assert.Null(client.Receive());
        }
        using var next = rig.Boot();
        Assert.Equal(0x5678_1234u, next.Read32(7, 0));
        var finding = Assert.Single(rig.Transport.Findings);
        Assert.Equal("vfio-user-protocol", finding.Check);
        Assert.Contains(reason, finding.Text);
    }

    public static TheoryData<int, byte[]> NoVersion => new()
    {
        { 9, Bytes(0UL, 7u, 4u) },
        { 1, Version(major: 1) },
        { 1, Version(json: "{") },
        { 1, Version(json: "[1,2]") },
        { 1, Version(json: """{"capabilities":{"max_data_xfer_size":"much"}}""") },
        { 1, Version(json: """{"capabilities":{"max_data_xfer_size":0}}""") },
        { 1, [0, 0, 1] },
    };

    [Theory]
    [MemberData(nameof(NoVersion))]
    public async Task Nothing_is_served_before_the_versions_are_agreed_on(int command, byte[] body)
    {
        await using var rig = new Rig();
        using var client = new ScriptedClient(rig.SocketPath);
        Assert.Equal(Errno.EINVAL, client.ErrorOf(command, body));
        Assert.Null(client.Receive());
        Assert.Equal("vfio-user-protocol", Assert.Single(rig.Transport.Findings).Check);
        using var next = rig.Connect();
    }

    [Fact]
    public async Task A_client_that_leaves_inside_a_message_is_reported()
    {
        await using var rig = new Rig();
        using (var client = rig.Boot())
        {
            client.SendRaw(Frame(1, 9, Bytes(0UL, 7u, 4u)).AsSpan(0, 20));
            client.Close();
        }
        using var next = rig.Connect();
        Assert.Contains("20 bytes into a message", Assert.Single(rig.Transport.Findings).Text);
    }

    [Fact]
    public async Task A_client_that_leaves_between_messages_is_not()
    {
        await using var rig = new Rig();
        rig.Boot().Dispose();
        rig.Boot().Dispose();
        using var next = rig.Connect();
        Assert.Empty(rig.Transport.Findings);
    }

    [Fact]
    public async Task The_next_client_finds_a_device_that_was_reset_and_has_none_of_the_last_ones_memory_or_events()
    {
        await using var rig = new Rig();
        EventFd events;
        using (var client = rig.Boot())
        {
            events = client.Install(0, 0);
            client.Write32(0, ProbeDevice.LevelAt, 1);
            Assert.Equal(1UL, events.Take());
        }
        using var next = rig.Connect();
        Assert.Equal(0u, next.Read32(7, 4) & 7);
        next.Enable();
        Assert.Equal(0u, next.Read32(0, ProbeDevice.LevelAt));
        next.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal(0UL, events.Take());
        Assert.False(rig.Slot.Ask(device => device.Writes(0, [1])));
        events.Dispose();
    }

    [Fact]
    public async Task Descriptors_belong_to_the_message_they_came_with()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        using var other = FileDescriptor.CreateMemory("other", 4096);
        other.SealAgainstShrinking();
        // Everything is in the socket before the server reads any of it.
        lock (rig.Clock.Gate)
        {
            client.Send(7, Bytes(16u, 0u, 0u, 0u));
            client.Send(13, []);
            client.Send(2, Map(0x0000, 0x1000));
            client.Send(2, Map(0x1000, 0x1000), 0, rig.File);
            client.Send(2, Map(0x2000, 0x1000));
            client.Send(2, Map(0x3000, 0x1000), 0, other);
            client.Send(7, Bytes(16u, 0u, 0u, 0u));
        }
        for (var i = 0; i < 7; i++) Assert.False(client.Receive()!.Failed);
        client.Enable();
        Assert.False(rig.Slot.Ask(device => device.Writes(0x0000, [1])));
        Assert.True(rig.Slot.Ask(device => device.Writes(0x1000, [0x11])));
        Assert.False(rig.Slot.Ask(device => device.Writes(0x2000, [1])));
        Assert.True(rig.Slot.Ask(device => device.Writes(0x3000, [0x33])));
        Assert.Equal([0x11], rig.MemoryAt(0, 1));
    }

    [Fact]
    public async Task More_descriptors_than_a_message_can_have_end_the_connection()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        var many = Enumerable.Repeat<FileDescriptor>(rig.File, UnixSocket.MaxDescriptors).ToArray();
        Assert.Equal(Errno.EINVAL, client.ErrorOf(2, Map(0, 4096), many));
        var frame = Frame(9, 2, Map(0, 4096));
        client.SendRaw(frame.AsSpan(0, 20), rig.File);
        client.SendRaw(frame.AsSpan(20), rig.File);
        Assert.Null(client.Receive());
        Assert.Contains("middle of a message", Assert.Single(rig.Transport.Findings).Text);
    }

    [Fact]
    public async Task Disposing_ends_a_conversation_that_waits_for_the_client()
    {
        var rig = new Rig();
        using var client = rig.Boot();
        await rig.DisposeAsync();
        Assert.Null(client.Receive());
        await rig.Transport.Completion;
        Assert.False(File.Exists(rig.SocketPath));
        Assert.Throws<ObjectDisposedException>(() => rig.Transport.Plug(new ProbeDevice(), "late"));
    }

    [Fact]
    public async Task The_machine_is_told_the_socket_and_the_longest_timeout()
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        var argument = Assert.Single(rig.Transport.DeviceArguments);
        Assert.Equal($$$"""{"driver":"vfio-user-pci","id":"probe","x-msg-timeout":2147483647,"socket":{"type":"unix","path":"{{{rig.SocketPath}}}"},"x-no-posted-writes":true}""", argument.ToJsonString());
    }

    [Theory]
    [InlineData("probe")]
    [InlineData("")]
    [InlineData("../escape")]
    [InlineData("1st")]
    public async Task A_name_is_one_that_qemu_takes_and_is_used_once(string name)
    {
        await using var rig = new Rig();
        Assert.Throws<ArgumentException>(() => rig.Transport.Plug(new ProbeDevice(), name));
    }

    [Fact]
    public async Task A_socket_path_that_is_too_long_is_named()
    {
        var directory = Path.Combine(Path.GetTempPath(), new string('x', 110));
        await using var transport = new VfioUserTransport(new Pci.ManualClock(), new() { Directory = directory });
        var error = Assert.Throws<ArgumentException>(() => transport.Plug(new ProbeDevice(), "probe"));
        Assert.Contains("107 bytes", error.Message);
        Directory.Delete(directory);
    }

    [Fact]
    public async Task Two_devices_have_sockets_memory_and_interrupts_of_their_own_and_one_lock()
    {
        await using var rig = new Rig();
        var second = rig.Transport.Plug(new ProbeDevice(), "second");
        using var one = rig.Boot();
        using var two = new ScriptedClient((string)rig.Transport.DeviceArguments[1]["socket"]!["path"]!).Hello();
        two.Enable();
        Assert.Same(rig.Slot.Clock, second.Clock);
        Assert.True(rig.Slot.Ask(device => device.Writes(0, [1])));
        Assert.False(second.Ask(device => device.Writes(0, [1])));
        using EventFd first = one.Install(0, 0), other = two.Install(0, 0);
        two.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal((0UL, 1UL), (first.Take(), other.Take()));
        two.Dispose();
        Assert.Equal(0x5678_1234u, one.Read32(7, 0));
    }

    [Fact]
    public async Task A_socket_that_a_killed_process_left_behind_is_replaced()
    {
        var directory = Directory.CreateTempSubdirectory("understudy-test-").FullName;
        UnixSocket.Listen(Path.Combine(directory, "probe.sock")).Dispose();
        await using (var transport = new VfioUserTransport(new Pci.ManualClock(), new() { Directory = directory }))
        {
            transport.Plug(new ProbeDevice(), "probe");
            using var client = new ScriptedClient(Path.Combine(directory, "probe.sock")).Hello();
        }
        Assert.Empty(Directory.GetFiles(directory));
        Directory.Delete(directory);
    }
}
