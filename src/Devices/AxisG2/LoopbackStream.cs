namespace Understudy.Devices;

/// <summary>Each lane's outbound stream wired to its inbound one: what goes out comes back, destination and users with it.</summary>
public sealed class LoopbackStream : IStreamEndpoint
{
    IStreamPort? _port;
    Held[] _held = [];

    /// <inheritdoc/>
    public void Attach(IStreamPort port)
    {
        ArgumentNullException.ThrowIfNull(port);
        _port = port;
        _held = [.. Enumerable.Range(0, port.Lanes).Select(_ => new Held())];
    }

    /// <inheritdoc/>
    public bool IsReady(int lane) => !_held[lane].Full;

    /// <inheritdoc/>
    public void Send(in StreamChunk chunk)
    {
        if (!_port!.Receive(chunk, out var taken)) _held[chunk.Lane].Keep(chunk.From(taken));
    }

    /// <inheritdoc/>
    public void Resume(int lane)
    {
        var held = _held[lane];
        if (!held.Full) return;
        var chunk = held.Chunk(lane);
        if (_port!.Receive(chunk, out var taken)) held.Full = false;
        else held.Keep(chunk.From(taken));
    }

    /// <inheritdoc/>
    public void Reset()
    {
        foreach (var held in _held) held.Full = false;
    }

    // The piece that the engine's inbound side would not take: what stands on the wire.
    sealed class Held
    {
        readonly byte[] _data = new byte[DmaLane.MostInOneStep];
        byte _dest, _firstUser, _lastUser;
        bool _first, _last;
        int _length;

        public bool Full { get; set; }

        public void Keep(in StreamChunk chunk)
        {
            (Full, _dest, _firstUser, _lastUser, _first, _last, _length) = (true, chunk.Dest, chunk.FirstUser, chunk.LastUser, chunk.First, chunk.Last, chunk.Data.Length);
            chunk.Data.CopyTo(_data);
        }

        public StreamChunk Chunk(int lane) => new() { Lane = lane, Dest = _dest, FirstUser = _firstUser, LastUser = _lastUser, First = _first, Last = _last, Data = _data.AsSpan(0, _length) };
    }
}
