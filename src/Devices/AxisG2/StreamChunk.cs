namespace Understudy.Devices;

/// <summary>A piece of a frame on a lane of AXI stream, in either direction. The user fields belong to the first and the last beat.</summary>
public readonly ref struct StreamChunk
{
    /// <summary>The DMA channel.</summary>
    public int Lane { get; init; }

    /// <summary>TDEST.</summary>
    public byte Dest { get; init; }

    /// <summary>TID; its low three bits choose the buffer group. Inbound only.</summary>
    public byte Id { get; init; }

    /// <summary>TUSER of the first beat; meant where <see cref="First"/> is set.</summary>
    public byte FirstUser { get; init; }

    /// <summary>TUSER of the last beat; meant where <see cref="Last"/> is set.</summary>
    public byte LastUser { get; init; }

    /// <summary>Begins a descriptor's data, or a frame.</summary>
    public bool First { get; init; }

    /// <summary>Ends with TLAST.</summary>
    public bool Last { get; init; }

    /// <summary>The bytes; may be empty in a last piece.</summary>
    public ReadOnlySpan<byte> Data { get; init; }

    /// <summary>What is left of it after so many bytes.</summary>
    public StreamChunk From(int taken) => new()
    {
        Lane = Lane, Dest = Dest, Id = Id, FirstUser = FirstUser, LastUser = LastUser, First = First && taken == 0, Last = Last, Data = Data[taken..],
    };
}
