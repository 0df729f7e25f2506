using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Transports.Serving;

/// <summary>One plugged device: its socket, and the thread that serves one machine after another there.</summary>
/// <param name="protocol">What is spoken, for findings and the thread's name: <c>vfio-user</c>.</param>
/// <param name="name">The device's name.</param>
/// <param name="socketPath">Where the socket is made.</param>
/// <param name="clock">The device's time and lock.</param>
/// <param name="found">Told of each finding: the check, and the text.</param>
abstract class DeviceServer(string protocol, string name, string socketPath, DeviceClock clock, Action<string, string> found)
{
    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _lifetime = new();
    UnixSocket? _listener;
    IConversation? _conversation;
    bool _stopping;

    public string Name => name;

    public string SocketPath => socketPath;

    public DeviceClock Clock => clock;

    /// <summary>A machine is there.</summary>
    public bool IsPowered { get; private set; }

    /// <summary>What is served; once it is.</summary>
    public PciSlot? Slot { get; private set; }

    /// <summary>Ends when nobody is served any more.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The conversation under way, or null.</summary>
    protected IConversation? Conversation
    {
        get { lock (_lifetime) return _conversation; }
    }

    public void Found(string check, string text) => found(check, $"{name}: {text}");

    /// <summary>Listens, and serves from now on whoever connects.</summary>
    public virtual void Start(PciSlot slot)
    {
        Slot = slot;
        File.Delete(socketPath);        // a process that was killed leaves its sockets behind
        _listener = UnixSocket.Listen(socketPath);
        new Thread(() => Serve(_listener, slot)) { IsBackground = true, Name = $"{protocol} {name}" }.Start();
    }

    /// <summary>Ends the conversation, and <see cref="Completion"/> soon.</summary>
    public virtual void Stop()
    {
        lock (_lifetime) _stopping = true;
        HangUp();
        _listener!.Shutdown();
    }

    /// <summary>Ends the conversation under way, if there is one. From any thread.</summary>
    protected void HangUp()
    {
        lock (_lifetime) _conversation?.Shutdown();
    }

    /// <summary>A machine has connected.</summary>
    protected abstract IConversation Converse(UnixSocket socket, PciSlot slot);

    /// <summary>The machine has left: forgets what it shared. Under the lock of the clock.</summary>
    protected abstract void Forget();

    /// <summary>The same, after the lock is given back.</summary>
    protected virtual void Left() { }

    /// <summary>Nobody is served any more: waits for what is still under way.</summary>
    protected virtual void Finish() { }

    void Serve(UnixSocket listener, PciSlot slot)
    {
        try
        {
            for (var client = 0; listener.Accept() is { } socket; client++)
            {
                if (client > 0) slot.Reset();   // another machine, or the same one after its power was off
                Serve(Converse(socket, slot));
            }
            Finish();
            _completion.SetResult();
        }
        catch (Exception exception)
        {
            Found($"{protocol}-crashed", exception.ToString());
            _completion.SetException(exception);
        }
        listener.Dispose();
    }

    void Serve(IConversation conversation)
    {
        using var _ = conversation;
        lock (_lifetime)
        {
            if (_stopping) return;
            _conversation = conversation;
        }
        try
        {
            lock (clock.Gate) IsPowered = true;
            conversation.Run();
        }
        catch (ProtocolException exception)
        {
            Found($"{protocol}-protocol", exception.Message);
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EPIPE or Errno.ECONNRESET)
        {
            // It left without waiting for an answer, as a machine does that is killed.
        }
        catch (Exception exception)
        {
            Found($"{protocol}-crashed", exception.ToString());
        }
        lock (_lifetime) _conversation = null;
        lock (clock.Gate)
        {
            IsPowered = false;
            Forget();
        }
        Left();
    }
}
