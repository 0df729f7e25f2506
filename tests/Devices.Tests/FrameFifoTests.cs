namespace Understudy.Devices.Tests;

public class FrameFifoTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void It_behaves_like_a_queue_and_never_loses_or_mixes_frames(int seed)
    {
        var random = new Random(seed);
        var fifo = new FrameFifo<int>(1000);
        var model = new Queue<(byte[] Frame, int Tag)>();
        var refused = 0;
        for (var i = 0; i < 100_000; i++)
        {
            if (random.Next(2) == 0)
            {
                var frame = new byte[random.Next(1, 300)];
                random.NextBytes(frame);
                var room = fifo.Add(frame.Length, i);
                if (room.IsEmpty) refused++;
                else
                {
                    frame.CopyTo(room);
                    Assert.Equal(i, fifo.LastTag);
                    model.Enqueue((frame, i));
                }
            }
            else if (model.TryDequeue(out var expected))
            {
                Assert.Equal(expected.Frame, fifo.Peek(out var tag).ToArray());
                Assert.Equal(expected.Tag, tag);
                fifo.Remove();
            }
            Assert.Equal(model.Count, fifo.Count);
        }
        Assert.True(refused > 0);
    }
}
