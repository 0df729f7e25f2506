using System.Buffers.Binary;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VhostUserPci;

/// <summary>The device's side of a split virtqueue (Virtual I/O Device 1.2, 2.7). Whatever the guest wrote there is checked.</summary>
sealed class Virtqueue(GuestMemory memory)
{
    public const int MostEntries = 1024;
    const int DescriptorBytes = 16, UsedBytes = 8;
    const ushort Next = 1, WriteOnly = 2, Indirect = 4, NoNotify = 1;

    ulong _descriptors, _available, _used;
    ushort _nextAvailable, _nextUsed;
    bool _isPlaced;

    /// <summary>Entries; a power of 2.</summary>
    public int Size { get; private set; }

    public bool IsEnabled { get; private set; }

    public bool IsReady => IsEnabled && _isPlaced && Size > 0;

    public void SetSize(uint size) => Size = size is > 0 and <= MostEntries && (size & (size - 1)) == 0 ? (int)size
        : throw new ProtocolException($"a queue of {size} entries; a power of 2 up to {MostEntries} is possible");

    public void SetBase(uint index) => _nextAvailable = (ushort)index;

    public void Enable(bool enabled) => IsEnabled = enabled;

    /// <summary>Says where its parts are, once it has a size.</summary>
    public void Place(in VringAddress at)
    {
        if (Size == 0) throw new ProtocolException("a queue has been given addresses before its size");
        if ((at.Descriptors & 15) != 0 || (at.Available & 1) != 0 || (at.Used & 3) != 0) throw new ProtocolException("a queue's parts are not aligned");
        _descriptors = memory.GuestAddressOf(at.Descriptors, (ulong)Size * DescriptorBytes);
        _available = memory.GuestAddressOf(at.Available, 4 + (ulong)Size * 2);
        _used = memory.GuestAddressOf(at.Used, 4 + (ulong)Size * UsedBytes);
        _nextUsed = memory.Read16(_used + 2);
        _isPlaced = true;
    }

    public void Clear() => (Size, IsEnabled, _isPlaced, _nextAvailable, _nextUsed) = (0, false, false, 0, 0);

    /// <summary>Asks the guest to say when it has put something there, or to leave that. What it put there before it saw that is to be looked for
    /// afterwards.</summary>
    public void WantsKicks(bool wanted)
    {
        if (!IsReady) return;
        memory.Write16(_used, wanted ? (ushort)0 : NoNotify);
        // The guest writes its index and then looks at this flag; we write the flag and then look at its index: one of us must see the other's.
        Interlocked.MemoryBarrier();
    }

    /// <summary>Takes the next chain of buffers the guest offers.</summary>
    /// <param name="chain">Filled with its buffers; cleared first.</param>
    /// <param name="head">What <see cref="Push"/> wants to know.</param>
    /// <returns>False when there is none.</returns>
    public bool TryPop(List<Buffer> chain, out ushort head)
    {
        head = 0;
        if (!IsReady) return false;
        if (Waiting() == 0) return false;
        head = memory.Read16(_available + 4 + (ulong)(_nextAvailable & (Size - 1)) * 2);
        _nextAvailable++;
        Walk(head, chain);
        return true;
    }

    /// <summary>Whether a buffer that begins at that address, the guest's physical one, is offered and not taken yet.</summary>
    public bool Offers(ulong address)
    {
        if (!IsReady) return false;
        Span<byte> first = stackalloc byte[sizeof(ulong)];
        for (var left = Waiting(); left > 0; left--)
        {
            var head = memory.Read16(_available + 4 + (ulong)((_nextAvailable + left - 1) & (Size - 1)) * 2);
            if (head < Size && memory.Read(_descriptors + (ulong)head * DescriptorBytes, first) && BinaryPrimitives.ReadUInt64LittleEndian(first) == address) return true;
        }
        return false;
    }

    ushort Waiting()
    {
        var waiting = (ushort)(memory.Read16(_available + 2) - _nextAvailable);
        return waiting <= Size ? waiting : throw new ProtocolException($"a queue of {Size} entries offers {waiting}");
    }

    void Walk(ushort head, List<Buffer> chain)
    {
        chain.Clear();
        Span<byte> descriptor = stackalloc byte[DescriptorBytes];
        for (int index = head, left = Size; ; left--)
        {
            if (index >= Size || left == 0) throw new ProtocolException($"descriptor {index} of a queue of {Size} entries, in a chain from {head}");
            if (!memory.Read(_descriptors + (ulong)index * DescriptorBytes, descriptor)) throw GuestMemory.Outside(_descriptors);
            var flags = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[12..]);
            if ((flags & Indirect) != 0) throw new ProtocolException("an indirect descriptor, which was not negotiated");
            chain.Add(new Buffer(BinaryPrimitives.ReadUInt64LittleEndian(descriptor), BinaryPrimitives.ReadUInt32LittleEndian(descriptor[8..]), (flags & WriteOnly) != 0));
            if ((flags & Next) == 0) return;
            index = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[14..]);
        }
    }

    /// <summary>Gives a chain back, with so many bytes written into it.</summary>
    public void Push(ushort head, int written)
    {
        Span<byte> element = stackalloc byte[UsedBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(element, head);
        BinaryPrimitives.WriteUInt32LittleEndian(element[4..], (uint)written);
        if (!memory.Write(_used + 4 + (ulong)(_nextUsed & (Size - 1)) * UsedBytes, element)) throw GuestMemory.Outside(_used);
        memory.Write16(_used + 2, ++_nextUsed);
    }

    /// <summary>One buffer of a chain.</summary>
    /// <param name="Address">The guest's physical address.</param>
    /// <param name="Length">In bytes.</param>
    /// <param name="IsForUs">We write it; else we read it.</param>
    internal readonly record struct Buffer(ulong Address, uint Length, bool IsForUs);
}
