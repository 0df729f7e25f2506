using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Understudy.Linux;
using Understudy.Pci;
using Understudy.Transports.TimeTravel;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VhostUserPci;

/// <summary>The queue by which interrupts reach the guest, and the channel that tells it to look there. Everything here happens under the
/// bus's lock, and nothing waits for the guest; but for calls that are made later, when somebody is there to see that the guest takes
/// note.</summary>
sealed class InterruptQueue : ICaller
{
    const int MessageBytes = 20, MostWaiting = 4096;
    const byte Int = 6, Msi = 7;

    // Until a pin whose interrupt has been handled is looked at again, where time is simulated: handling takes none there, and a guest with a
    // pin that stays asserted would go on handling for ever, at the same instant.
    const long LooksAgain = 500;

    // Where a User Mode Linux kernel has its devices send messages (arch/um/drivers/virt-pci.c); the data is the interrupt's number.
    const ulong MessageAddress = 0xA0000;

    readonly List<Virtqueue.Buffer> _chain = new(2);
    readonly Queue<uint> _waiting = new();
    readonly byte[] _call = new byte[Header.Bytes + 8];
    readonly byte[] _answer = new byte[Header.Bytes + 8];
    readonly Lock _calling = new();
    readonly VhostUserPciServer _server;
    readonly bool _callsLater;
    readonly DeviceTimer? _again;
    UnixSocket? _channel;
    bool _asserted, _sent;
    ulong? _told;       // where the guest was told of the pin, until it has given that back
    volatile bool _owesCall;

    public InterruptQueue(VhostUserPciServer server, bool callsLater)
    {
        (_server, _callsLater) = (server, callsLater);
        _again = callsLater ? server.Clock.NewTimer("the pin is looked at again", () => server.SetIntx(_asserted)) : null;
    }

    /// <summary>Takes over the channel for calls.</summary>
    public void SetChannel(UnixSocket? channel)
    {
        _channel?.Dispose();
        _channel = channel;
        _owesCall = false;
        var header = new Header((Request)Features.VringCall, Header.Version | (_callsLater ? Header.NeedReply : 0), 8);
        MemoryMarshal.Write(_call, header);
        BinaryPrimitives.WriteUInt32LittleEndian(_call.AsSpan(Header.Bytes), 1);
    }

    /// <summary>The pin's level. A message goes out when it rises, and the next when the guest has handled that and the level still holds.</summary>
    public void SetIntx(bool asserted)
    {
        _asserted = asserted;
        FireIntx();
    }

    /// <summary>Sends a message, or keeps it until the guest has room: interrupts of one number that wait are one, as pending bits are. One that
    /// goes anywhere else than to the interrupt controller is none: its data may be the number of another device's, or of the timer's.</summary>
    public void Send(MsiMessage message)
    {
        if (message.Address != MessageAddress)
        {
            // Of one that was sent before anybody said where to, the bus check knows whose fault that is.
            if (message.Address != 0) _server.Found("msi-address", $"a message for 0x{message.Address:x}, where this machine has no interrupt controller; it listens at 0x{MessageAddress:x}");
            return;
        }
        if (Put(Msi, 0, message.Data)) Call();
        else if (_waiting.Count < MostWaiting && !_waiting.Contains(message.Data)) _waiting.Enqueue(message.Data);
    }

    /// <summary>The guest has given buffers back: there is room, and what they told has been handled. The one that told of the pin it keeps for as
    /// long as nobody listens to that, while others come and go.</summary>
    public void Kicked()
    {
        var more = false;
        while (_waiting.TryPeek(out var data) && Put(Msi, 0, data))
        {
            _waiting.Dequeue();
            more = true;
        }
        if (more) Call();
        if (_told is { } told && !_server.Interrupts.Offers(told)) return;
        var handled = _sent;
        (_sent, _told) = (false, null);
        if (handled && _again is not null) _again.Arm(LooksAgain);
        else FireIntx();
    }

    public void Clear()
    {
        SetChannel(null);
        Forget();
    }

    /// <summary>Another driver's queues: what was on its way to the one before is lost. The pin's level is the device's and stays.</summary>
    public void Forget()
    {
        _waiting.Clear();
        (_sent, _told) = (false, null);
    }

    void FireIntx()
    {
        if (!_asserted || _sent || _again is { IsArmed: true } || !Put(Int, 1, 0)) return;
        (_sent, _told) = (true, _chain[0].Address);
        Call();
    }

    bool Put(byte op, ulong address, uint data)
    {
        var queue = _server.Interrupts;
        if (!queue.TryPop(_chain, out var head)) return false;
        Span<byte> message = stackalloc byte[MessageBytes];
        message.Clear();
        message[0] = op;
        BinaryPrimitives.WriteUInt32LittleEndian(message[4..], op == Msi ? 4u : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(message[8..], address);
        BinaryPrimitives.WriteUInt32LittleEndian(message[16..], data);
        if (_chain.Count != 1 || !_chain[0].IsForUs || _chain[0].Length < MessageBytes) throw new ProtocolException("a buffer for interrupts that holds none");
        if (!_server.Memory.Write(_chain[0].Address, message)) throw GuestMemory.Outside(_chain[0].Address);
        if (_chain[0].Address == _told) _told = null;
        queue.Push(head, MessageBytes);
        return true;
    }

    // A guest that does not read its calls has some waiting, and one is as good as many.
    void Call()
    {
        if (_callsLater) _owesCall = true;
        else _channel?.TrySend(_call);
    }

    public bool OwesCall => _owesCall;

    // Without the answer the guest might go on, and hear of its interrupt some time later.
    public void Call(Func<FileDescriptor, bool> wait)
    {
        if (!_owesCall) return;
        lock (_calling)
        {
            UnixSocket? channel;
            lock (_server.Clock.Gate)
            {
                if (!_owesCall) return;
                (_owesCall, channel) = (false, _channel);
                if (channel?.TrySend(_call) != true) return;
            }
            try
            {
                for (var got = 0; got < _answer.Length && wait(channel);)
                    if (channel.TryReceive(_answer.AsSpan(got)) is { } bytes && bytes > 0) got += bytes;
                    else return;
            }
            catch (ObjectDisposedException)
            {
                // The guest has gone meanwhile.
            }
        }
    }
}
