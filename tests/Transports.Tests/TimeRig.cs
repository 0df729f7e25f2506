using System.Runtime.InteropServices;
using Understudy.Linux;
using Understudy.Pci;
using Understudy.Transports.TimeTravel;

namespace Understudy.Transports.Tests;

/// <summary>A calendar, and a socket where guests find it.</summary>
sealed class TimeRig : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("understudy-").FullName;

    public TimeRig() => Calendar = new(Clock, Path.Combine(_directory, "calendar"));

    public CalendarClock Clock { get; } = new();

    public Calendar Calendar { get; }

    public TimePeer Connect() => new(Calendar.SocketPath);

    public IEnumerable<string> Complaints => Calendar.Findings.Select(finding => finding.Text);

    public void Dispose()
    {
        Calendar.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}

/// <summary>A guest's side of the conversation with its calendar, as arch/um/kernel/time.c has it.</summary>
sealed class TimePeer(string path) : IDisposable
{
    readonly UnixSocket _socket = UnixSocket.Connect(path);
    readonly List<FileDescriptor> _none = [];
    readonly byte[] _buffer = new byte[TimeMessage.Bytes];
    uint _number;

    public TimePeer Start()
    {
        Ask(TimeOp.Start, ulong.MaxValue);
        return this;
    }

    /// <summary>Says something and takes its answer, which is the next message.</summary>
    public ulong Ask(TimeOp op, ulong time)
    {
        Say(op, time);
        var answer = Hear();
        Assert.Equal((TimeOp.Ack, _number), (answer.Op, answer.Number));
        return answer.Time;
    }

    public void Say(TimeOp op, ulong time) => SayRaw(new TimeMessage(op, ++_number, time));

    public void SayRaw(in TimeMessage message) => _socket.Send(MemoryMarshal.AsBytes(new ReadOnlySpan<TimeMessage>(in message)));

    public void SayBytes(ReadOnlySpan<byte> bytes) => _socket.Send(bytes);

    /// <summary>Has nothing to do until then.</summary>
    public void Rest(ulong until)
    {
        Ask(TimeOp.Request, until);
        Ask(TimeOp.Wait, ulong.MaxValue);
    }

    /// <summary>Is told the time.</summary>
    public ulong Run()
    {
        var run = Hear();
        Assert.Equal(TimeOp.Run, run.Op);
        SayRaw(new TimeMessage(TimeOp.Ack, run.Number, 0));
        return run.Time;
    }

    /// <summary>The next message; the connection's end is an error.</summary>
    public TimeMessage Hear()
    {
        for (var got = 0; got < _buffer.Length;)
        {
            var (bytes, _) = _socket.Receive(_buffer.AsSpan(got), _none);
            got += bytes > 0 ? bytes : throw new EndOfStreamException("the calendar hung up");
        }
        return MemoryMarshal.Read<TimeMessage>(_buffer);
    }

    /// <summary>Takes what has come, and says how many messages that was, more or less.</summary>
    public int Drain()
    {
        var bytes = 0;
        while (_socket.TryReceive(_buffer) is > 0 and var some) bytes += some;
        return bytes / TimeMessage.Bytes;
    }

    public void Dispose() => _socket.Dispose();
}
