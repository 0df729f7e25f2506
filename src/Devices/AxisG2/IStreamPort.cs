namespace Understudy.Devices;

/// <summary>The engine, as what is at the other end of its streams sees it. Under the slot's lock, like all of a model.</summary>
public interface IStreamPort
{
    /// <summary>DMA channels.</summary>
    int Lanes { get; }

    /// <summary>Device time in nanoseconds.</summary>
    long Now { get; }

    /// <summary>Offers data for memory. What is not taken must be offered again when <see cref="IStreamEndpoint.Resume"/> asks: the engine
    /// holds the stream back and never drops.</summary>
    /// <param name="chunk">The piece.</param>
    /// <param name="taken">Bytes taken of it.</param>
    /// <returns>False when something is left, be it only the end of the frame.</returns>
    bool Receive(in StreamChunk chunk, out int taken);

    /// <summary>Asks for <see cref="IStreamEndpoint.Resume"/> soon; also tells the engine that the endpoint takes data again.</summary>
    void Wake(int lane);

    /// <summary>A buffer group has reached its threshold: its source should pause.</summary>
    bool IsPaused(int group);
}
