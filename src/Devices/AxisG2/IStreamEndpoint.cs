namespace Understudy.Devices;

/// <summary>What is at the other end of the engine's streams: the application part of a firmware. Models write their own, as a detector
/// that sends events. Under the slot's lock; never blocks.</summary>
public interface IStreamEndpoint
{
    /// <summary>The card is there, or has another number of lanes from now on. Begin anew.</summary>
    void Attach(IStreamPort port);

    /// <summary>TREADY: a piece would be taken now. Call <see cref="IStreamPort.Wake"/> when it becomes true.</summary>
    bool IsReady(int lane);

    /// <summary>Data from memory; all of it is taken. Only while ready.</summary>
    void Send(in StreamChunk chunk);

    /// <summary>The engine may have buffers again, or was asked to wake: offer what waits.</summary>
    void Resume(int lane);

    /// <summary>The engine was disabled or reset: frames half sent and half received are gone.</summary>
    void Reset();
}
