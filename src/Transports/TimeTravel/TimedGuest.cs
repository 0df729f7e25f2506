using System.Runtime.InteropServices;
using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Transports.TimeTravel;

/// <summary>A guest that asks a calendar for its time, as arch/um/kernel/time.c does. It never has any of its own: it rests until it is told
/// what time it is, and that is never later than it wanted. What it says is not believed but answered.</summary>
sealed class TimedGuest(UnixSocket socket, CalendarClock clock, Action<string> found) : IDisposable
{
    // What the guest's wall clock says at the beginning: the same in every run, 2026-01-01.
    const ulong Beginning = 1_767_225_600_000_000_000;

    readonly byte[] _received = new byte[64 * TimeMessage.Bytes], _message = new byte[TimeMessage.Bytes];
    int _length;
    uint _runs;

    public UnixSocket Socket => socket;

    /// <summary>It has nothing to do, and waits to be told the time.</summary>
    public bool Rests { get; private set; }

    /// <summary>When it wants to run next; null when never.</summary>
    public long? Wanted { get; private set; }

    /// <summary>How often it has asked what time it is, as it does when something comes in while it rests.</summary>
    public long Looks { get; private set; }

    public bool IsGone { get; private set; }

    /// <summary>Answers what it has said, without waiting for more.</summary>
    public void Serve()
    {
        while (!IsGone && socket.TryReceive(_received.AsSpan(_length)) is { } bytes)
        {
            if (bytes == 0) IsGone = true;
            _length += bytes;
            var whole = _length / TimeMessage.Bytes * TimeMessage.Bytes;
            foreach (var message in MemoryMarshal.Cast<byte, TimeMessage>(_received.AsSpan(0, whole)))
                if (!IsGone) Answer(message);
            _received.AsSpan(whole, _length - whole).CopyTo(_received);
            _length -= whole;
        }
    }

    /// <summary>It is told the time it is now, and no longer rests.</summary>
    public void Run()
    {
        (Rests, Wanted) = (false, null);
        Send(new TimeMessage(TimeOp.Run, ++_runs, (ulong)clock.Now));
    }

    public void Dispose()
    {
        socket.Shutdown();
        socket.Dispose();
    }

    void Answer(in TimeMessage message)
    {
        ulong answer = 0;
        switch (message.Op)
        {
            case TimeOp.Ack:
                if (message.Number != _runs) found($"an answer to message {message.Number}, and the last was {_runs}");
                return;
            case TimeOp.Start or TimeOp.Broadcast: break;
            case TimeOp.Request: Want(message.Time); break;
            case TimeOp.Wait: Rests = true; break;
            case TimeOp.Update: Check(message.Time); break;
            case TimeOp.Get:
                Looks++;
                answer = (ulong)clock.Now;
                break;
            case TimeOp.GetTimeOfDay: answer = Beginning + (ulong)clock.Now; break;
            default:
                found($"a message of kind {(uint)message.Op}, which a guest does not send");
                Leave();
                return;
        }
        Send(new TimeMessage(TimeOp.Ack, message.Number, answer));
    }

    void Want(ulong time)
    {
        var now = clock.Now;
        if (time < (ulong)now) found("it wants to run at a time that has passed");
        Wanted = time >= CalendarClock.End ? null : Math.Max((long)time, now);
    }

    void Check(ulong time)
    {
        if (time != (ulong)clock.Now) found("it says that it is another time than it was told");
    }

    // A guest that does not read its answers needs none.
    void Send(in TimeMessage message)
    {
        MemoryMarshal.Write(_message, message);
        if (!socket.TrySend(_message)) Leave();
    }

    void Leave()
    {
        IsGone = true;
        socket.Shutdown();
    }
}
