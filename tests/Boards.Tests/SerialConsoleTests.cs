using System.Text;

namespace Understudy.Boards.Tests;

public sealed class SerialConsoleTests
{
    [Fact]
    public async Task It_keeps_the_last_256_KiB()
    {
        var console = new SerialConsole();
        var text = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"line {i:D5}\n"));
        await console.ReadAsync(new MemoryStream(Encoding.Latin1.GetBytes(text)));
        Assert.Equal(text.Length, console.Count);
        Assert.Equal(text[^(256 * 1024)..], console.Tail);
    }

    [Fact]
    public async Task The_last_lines_are_those_that_say_something()
    {
        var console = new SerialConsole();
        await console.ReadAsync(new MemoryStream("one\r\n\r\ntwo  \r\n \nthree"u8.ToArray()));
        Assert.Equal("two\nthree", console.LastLines(2));
        Assert.Equal("two", console.LinesFrom("wo", 1));
        Assert.Equal("", console.LinesFrom("four", 1));
    }

    [Fact]
    public async Task Bytes_reach_the_listener_as_they_are()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        var heard = new List<byte>();
        var console = new SerialConsole { Received = (chunk, _) => heard.AddRange(chunk.Span) };
        await console.ReadAsync(new MemoryStream(bytes));
        Assert.Equal(bytes, heard);
    }

    [Fact]
    public async Task A_listener_that_throws_does_not_stop_the_reading()
    {
        var calls = 0;
        var console = new SerialConsole
        {
            Received = (_, _) =>
            {
                calls++;
                throw new IOException("no space left");
            },
        };
        await console.ReadAsync(new MemoryStream(new byte[100_000]));
        Assert.Equal(100_000, console.Count);
        Assert.Equal(1, calls);
        Assert.Equal("no space left", console.ListenerFault!.Message);
    }
}
