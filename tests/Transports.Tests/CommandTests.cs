using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Understudy.Linux;
using Understudy.Transports.VfioUser;
using static Understudy.Transports.Tests.ScriptedClient;

namespace Understudy.Transports.Tests;

public sealed class CommandTests
{
    [Fact]
    public async Task The_version_reply_names_what_the_server_can_do()
    {
        await using var rig = new Rig();
        using var client = new ScriptedClient(rig.SocketPath);
        var body = client.Call(1, Version());
        Assert.Equal([0, 0, 0, 0], body[..4]);
        Assert.Equal(0, body[^1]);
        var capabilities = JsonNode.Parse(Encoding.ASCII.GetString(body[4..^1]))!["capabilities"]!;
        Assert.True((bool)capabilities["write_multiple"]!);
        Assert.Equal(16, (int)capabilities["max_msg_fds"]!);
        Assert.Equal(65536, (int)capabilities["max_data_xfer_size"]!);
    }

    [Fact]
    public async Task Write_multiple_is_not_offered_when_it_is_turned_off_and_then_not_understood()
    {
        await using var rig = new Rig(new() { WriteMultiple = false });
        using var client = new ScriptedClient(rig.SocketPath);
        Assert.DoesNotContain("write_multiple", Encoding.ASCII.GetString(client.Call(1, Version())));
        Assert.Equal(Errno.ENOSYS, client.ErrorOf(15, Bytes(0UL)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"capabilities":{}}""")]
    [InlineData("""{"capabilities":{"max_data_xfer_size":4096,"twin_socket":{"supported":false}}}""")]
    public async Task A_client_may_say_little_about_itself(string json)
    {
        await using var rig = new Rig();
        using var client = new ScriptedClient(rig.SocketPath);
        client.Call(1, json == "" ? Bytes((ushort)0, (ushort)1) : Version(json));
        client.Call(4, Bytes(16u, 0u, 0u, 0u));
    }

    [Fact]
    public async Task Device_info_has_the_nine_regions_and_five_irqs_of_a_pci_device()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        Assert.Equal(Bytes(16u, 3u, 9u, 5u), client.Call(4, Bytes(16u, 0u, 0u, 0u)));
    }

    [Theory]
    [InlineData(0, 3, 0x4000)]
    [InlineData(1, 3, 16)]
    [InlineData(2, 3, 0x1000)]
    [InlineData(3, 0, 0)]
    [InlineData(6, 0, 0)]
    [InlineData(7, 3, 4096)]
    [InlineData(8, 0, 0)]
    public async Task Region_info_tells_size_and_access(uint index, uint flags, ulong size)
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        Assert.Equal(Bytes(32u, flags, index, 0u, size, 0UL), client.Call(5, Bytes(32u, 0u, index, 0u, 0UL, 0UL)));
    }

    [Theory]
    [InlineData(0, 7, 1)]
    [InlineData(1, 1, ProbeDevice.MsiVectorCount)]
    [InlineData(2, 1, ProbeDevice.MsixVectorCount)]
    [InlineData(3, 0, 0)]
    [InlineData(4, 0, 0)]
    public async Task Irq_info_tells_kind_and_count(uint index, uint flags, uint count)
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        Assert.Equal(Bytes(16u, flags, index, count), client.Call(7, Bytes(16u, 0u, index, 0u)));
    }

    [Fact]
    public async Task Configuration_space_is_read_in_one_piece_and_by_the_byte()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        var all = client.Read(7, 0, 4096);
        Assert.Equal([0x34, 0x12, 0x78, 0x56], all[..4]);
        for (var i = 0; i < 64; i++) Assert.Equal(all[i], client.Read(7, (ulong)i, 1)[0]);
        client.Write32(7, 0x10, 0xFFFFFFFF);
        Assert.Equal(0xFFFFC000u, client.Read32(7, 0x10));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task Registers_keep_what_is_written_at_every_width(int width)
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        var data = Enumerable.Range(1, width).Select(i => (byte)(i * 17)).ToArray();
        client.Write(0, ProbeDevice.WindowAt + 8, data);
        Assert.Equal(data, client.Read(0, ProbeDevice.WindowAt + 8, width));
        client.Write(0, ProbeDevice.WindowAt + 0x21, data);
        Assert.Equal(data, client.Read(0, ProbeDevice.WindowAt + 0x21, width));
    }

    [Fact]
    public async Task Io_ports_work_like_memory()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        client.Write32(1, 0, 0xCAFE);
        Assert.Equal(0xCAFEu, client.Read32(1, 0));
    }

    [Fact]
    public async Task A_device_whose_memory_space_is_off_answers_all_ones()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        Assert.Equal(0xFFFFFFFFu, client.Read32(0, ProbeDevice.EchoAt));
    }

    [Fact]
    public async Task A_posted_write_is_done_before_a_later_read_and_is_never_answered()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        for (var i = 1u; i <= 100; i++) client.Post(0, ProbeDevice.EchoAt, Bytes(i));
        Assert.Equal(100u, client.Read32(0, ProbeDevice.EchoAt));
        Assert.Equal(100, rig.Slot.Ask(device => device.Echoes));
    }

    [Fact]
    public async Task Many_writes_in_one_message_are_done_in_order()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        var writes = Enumerable.Range(0, 200).SelectMany(i => Bytes(ProbeDevice.EchoAt, 0u, 4u, (uint)i, 0u)).ToArray();
        client.Send(15, Bytes(200UL, writes), Header.NoReply);
        Assert.Equal(199u, client.Read32(0, ProbeDevice.EchoAt));
        Assert.Equal(200, rig.Slot.Ask(device => device.Echoes));
        Assert.Equal(Bytes(1UL), client.Call(15, Bytes(1UL, ProbeDevice.EchoAt, 0u, 4u, 7UL)));
        Assert.Equal(7u, client.Read32(0, ProbeDevice.EchoAt));
    }

    [Fact]
    public async Task A_bad_write_among_many_is_left_out_and_the_rest_is_done()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        Assert.Equal(Errno.EINVAL, client.ErrorOf(15, Bytes(3UL,
            ProbeDevice.EchoAt, 0u, 4u, 1UL, 0xFFFFFFFFFFFFFFF0UL, 0u, 8u, 2UL, ProbeDevice.EchoAt, 0u, 4u, 3UL)));
        Assert.Equal(3u, client.Read32(0, ProbeDevice.EchoAt));
        Assert.Equal(2, rig.Slot.Ask(device => device.Echoes));
    }

    [Fact]
    public async Task Reset_may_come_twice_in_a_row()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        client.Write32(0, ProbeDevice.EchoAt, 5);
        client.Call(13, []);
        client.Call(13, []);
        Assert.Equal(2, rig.Slot.Ask(device => device.Resets));
        Assert.Equal(0u, client.Read32(7, 4) & 7);
        client.Enable();
        Assert.Equal(0u, client.Read32(0, ProbeDevice.EchoAt));
    }

    [Fact]
    public async Task A_model_that_throws_costs_a_finding_and_not_the_connection()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        client.Write32(0, ProbeDevice.BoomAt, 1);
        Assert.Equal(0xFFFFFFFFu, client.Read32(0, ProbeDevice.EchoAt));
        Assert.Contains(rig.Slot.Findings, finding => finding.Check == "model-crashed");
        Assert.Empty(rig.Transport.Findings);
    }

    public static TheoryData<int, byte[], int> Refused => new()
    {
        { 1, Version(), Errno.EINVAL },                                               // VERSION a second time
        { 6, Bytes(16u, 0u, 0u, 0u), Errno.ENOSYS },                                  // GET_REGION_IO_FDS
        { 14, [], Errno.ENOSYS },
        { 16, new byte[16], Errno.ENOSYS },
        { 0, [], Errno.ENOSYS },
        { 0xFFFF, new byte[100], Errno.ENOSYS },
        { 2, new byte[31], Errno.EINVAL },
        { 3, new byte[23], Errno.EINVAL },
        { 4, new byte[15], Errno.EINVAL },
        { 5, Bytes(32u, 0u, 9u, 0u, 0UL, 0UL), Errno.EINVAL },                        // no such region
        { 5, Bytes(31u, 0u, 0u, 0u, 0UL, 0UL), Errno.EINVAL },                        // no room for the answer
        { 7, Bytes(16u, 0u, 5u, 0u), Errno.EINVAL },
        { 8, new byte[19], Errno.EINVAL },
        { 9, new byte[15], Errno.EINVAL },
        { 9, Bytes(0UL, 0u, 0u), Errno.EINVAL },                                      // nothing
        { 9, Bytes(0UL, 9u, 4u), Errno.EINVAL },
        { 9, Bytes(0UL, 3u, 4u), Errno.EINVAL },                                      // a BAR that is not there
        { 9, Bytes(0x3FFDUL, 0u, 4u), Errno.EINVAL },                                 // across the end
        { 9, Bytes(ulong.MaxValue, 0u, 4u), Errno.EINVAL },
        { 9, Bytes(4096UL, 7u, 1u), Errno.EINVAL },
        { 9, Bytes(0UL, 0u, uint.MaxValue), Errno.EINVAL },
        { 10, Bytes(0UL, 0u, 4u), Errno.EINVAL },                                     // no data
        { 10, Bytes(0UL, 0u, 4u, 1u, 2u), Errno.EINVAL },                             // too much data
        { 10, Bytes(0x10000UL, 0u, 4u, 1u), Errno.EINVAL },
        { 15, new byte[7], Errno.EINVAL },
        { 15, Bytes(2UL, new byte[24]), Errno.EINVAL },
        { 15, Bytes(ulong.MaxValue, new byte[24]), Errno.EINVAL },
        { 15, Bytes(1UL, 0UL, 0u, 9u, 0UL), Errno.EINVAL },                           // nine bytes in eight
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_cannot_be_done_is_refused_and_the_next_command_is_served(int command, byte[] body, int error)
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        Assert.Equal(error, client.ErrorOf(command, body));
        Assert.Equal(0x5678_1234u, client.Read32(7, 0));
    }

    [Fact]
    public async Task A_refused_command_that_wants_no_reply_gets_none()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        client.Send(99, [1, 2, 3], Header.NoReply);
        client.Send(9, Bytes(0UL, 0u, 4u), Header.NoReply);
        Assert.Equal(0x5678_1234u, client.Read32(7, 0));
    }

    [Fact]
    public async Task Messages_may_arrive_in_any_pieces()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        var stream = Enumerable.Range(0, 50).SelectMany(i => Frame((ushort)i, 9, Bytes(0UL, 7u, 4u))).ToArray();
        for (int at = 0, length = 1; at < stream.Length; at += length, length = length * 7 % 97 + 1)
        {
            length = Math.Min(length, stream.Length - at);
            client.SendRaw(stream.AsSpan(at, length));
        }
        for (var i = 0; i < 50; i++)
        {
            var reply = client.Receive()!;
            Assert.Equal(i, reply.Id);
            Assert.Equal(0x5678_1234u, BinaryPrimitives.ReadUInt32LittleEndian(reply.Body.AsSpan(16)));
        }
    }
}
