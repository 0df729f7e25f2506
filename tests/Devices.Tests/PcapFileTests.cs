using System.Buffers.Binary;

namespace Understudy.Devices.Tests;

public class PcapFileTests
{
    [Fact]
    public void Frames_of_both_directions_are_written_in_device_time()
    {
        using var stream = new MemoryStream();
        var card = new MiniDriver();
        var capture = new PcapFile(stream);
        card.Nic.FrameOnWire += capture.Write;
        card.Open();
        card.Bus.Time.Advance(3_000_000_000);
        card.Send(Frames.Echo(56, 1));
        var bytes = stream.ToArray();
        Assert.Equal(2, capture.Frames);
        Assert.Equal([0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0], bytes[..8]);
        Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(20)));
        Assert.Equal((3u, 98u, 98u), (U32(24), U32(32), U32(36)));
        Assert.Equal(Frames.Echo(56, 1), bytes[40..138]);
        Assert.Equal(3u, U32(138));
        Assert.Equal(5_000u, U32(142) - U32(28));
        Assert.Equal(24 + 2 * (16 + 98), bytes.Length);

        uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
    }

    [Fact]
    public void A_stream_that_breaks_ends_the_capture_and_not_the_device()
    {
        var stream = new MemoryStream();
        var card = new MiniDriver();
        var capture = new PcapFile(stream);
        card.Nic.FrameOnWire += capture.Write;
        card.Open();
        stream.Dispose();
        card.Send(Frames.Echo(56, 1));
        Assert.NotNull(capture.Failure);
        Assert.Equal(1, card.Receive()[41]);
        Assert.Empty(card.Slot.Findings);
    }
}
