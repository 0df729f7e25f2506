using Understudy.Linux;

namespace Understudy.Transports.Tests;

public sealed class LinuxTests
{
    [Fact]
    public void A_failed_call_says_which_and_why()
    {
        var error = Assert.Throws<LinuxException>(() => UnixSocket.Connect("/nonexistent/socket"));
        Assert.Equal(("connect", 2), (error.Call, error.Errno));
        Assert.Equal("connect /nonexistent/socket: No such file or directory (ENOENT)", error.Message);
    }

    [Fact]
    public void A_mapping_refuses_what_is_not_inside_it()
    {
        using var file = FileDescriptor.CreateMemory("test", 4096);
        using var mapping = SharedMapping.Map(file, 0, 4096, writable: true);
        mapping.Write(4095, [1]);
        mapping.Write(4096, []);
        Assert.Throws<ArgumentOutOfRangeException>(() => mapping.Write(4095, [1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => mapping.Read(4097, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => mapping.Read(ulong.MaxValue, new byte[2]));
        using var readOnly = SharedMapping.Map(file, 0, 4096, writable: false);
        Assert.Throws<InvalidOperationException>(() => readOnly.Write(0, [1]));
        mapping.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mapping.Read(0, new byte[1]));
    }

    [Fact]
    public void Sixty_four_bytes_are_stored_as_they_are_whether_the_processor_does_it_in_one_piece_or_not()
    {
        using var file = FileDescriptor.CreateMemory("test", 4096);
        using var mapping = SharedMapping.Map(file, 0, 4096, writable: true);
        var (data, seen) = (Enumerable.Range(1, 64).Select(i => (byte)i).ToArray(), new byte[64]);
        mapping.Store64(4032, data);
        mapping.Read(4032, seen);
        Assert.Equal(data, seen);
        Assert.Throws<ArgumentException>(() => mapping.Store64(8, data));
        Assert.Throws<ArgumentException>(() => mapping.Store64(0, data.AsSpan(8)));
        Assert.Throws<ArgumentOutOfRangeException>(() => mapping.Store64(4096, data));
    }

    [Fact]
    public void Every_width_at_every_alignment_is_copied_as_it_is()
    {
        using var file = FileDescriptor.CreateMemory("test", 4096);
        using var mapping = SharedMapping.Map(file, 0, 4096, writable: true);
        for (var offset = 0UL; offset < 17; offset++)
            for (var length = 0; length < 20; length++)
            {
                var data = Enumerable.Range(1, length).Select(i => (byte)(i + (int)offset)).ToArray();
                mapping.Write(offset, data);
                var back = new byte[length];
                mapping.Read(offset, back);
                Assert.Equal(data, back);
            }
    }

    [Fact]
    public void An_aligned_word_is_never_seen_in_halves()
    {
        using var file = FileDescriptor.CreateMemory("test", 4096);
        using SharedMapping one = SharedMapping.Map(file, 0, 4096, writable: true), other = SharedMapping.Map(file, 0, 4096, writable: false);
        var done = false;
        var writer = new Thread(() =>
        {
            for (var i = 0; i < 500_000; i++) one.Write(8, BitConverter.GetBytes(i % 2 == 0 ? 0UL : ulong.MaxValue));
            Volatile.Write(ref done, true);
        });
        writer.Start();
        var seen = new byte[8];
        while (!Volatile.Read(ref done))
        {
            other.Read(8, seen);
            Assert.True(BitConverter.ToUInt64(seen) is 0 or ulong.MaxValue);
        }
        writer.Join();
    }

    [Fact]
    public void Descriptors_cross_a_socket_and_are_other_descriptors_of_the_same_thing()
    {
        var (left, right) = UnixSocket.Pair();
        using var file = FileDescriptor.CreateMemory("test", 4096);
        using var events = EventFd.Create();
        left.Send([1, 2, 3], file, events);
        var received = new List<FileDescriptor>();
        var buffer = new byte[16];
        Assert.Equal((3, false), right.Receive(buffer, received));
        Assert.Equal(2, received.Count);
        Assert.Equal(file.Facts(), received[0].Facts());
        Assert.Null(EventFd.From(received[0]));
        using var same = EventFd.From(received[1])!;
        same.Signal();
        Assert.Equal(1UL, events.Take());
        foreach (var descriptor in received) descriptor.Dispose();
        left.Dispose();
        Assert.Equal((0, false), right.Receive(buffer, received));
        Assert.Equal(Errno.EPIPE, Assert.Throws<LinuxException>(() => right.Send([1])).Errno);
        right.Dispose();
    }

    [Fact]
    public async Task Shutting_down_wakes_whoever_waits()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("understudy-test-").FullName, "s");
        using var listener = UnixSocket.Listen(path);
        var accepting = Task.Run(listener.Accept);
        var (left, right) = UnixSocket.Pair();
        var receiving = Task.Run(() => left.Receive(new byte[1], []).Bytes);
        listener.Shutdown();
        left.Shutdown();
        Assert.Null(await accepting);
        Assert.Equal(0, await receiving);
        left.Dispose();
        right.Dispose();
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void Raw_mode_hands_over_every_key_and_gives_the_terminal_back_as_it_was()
    {
        using var terminal = File.OpenHandle("/dev/ptmx", FileMode.Open, FileAccess.ReadWrite);
        var number = (int)terminal.DangerousGetHandle();
        var before = LocalFlags(number);
        Assert.NotEqual(0u, before & Canonical);
        using (new TerminalRawMode(number)) Assert.Equal(0u, LocalFlags(number) & (Canonical | Signals | Echo));
        Assert.Equal(before, LocalFlags(number));
    }

    const uint Signals = 1, Canonical = 2, Echo = 8;

    static uint LocalFlags(int terminal) => TerminalRawMode.LocalFlags(terminal);
}
