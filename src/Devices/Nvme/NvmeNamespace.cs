using System.Numerics;
using System.Security.Cryptography;

namespace Understudy.Devices;

/// <summary>A namespace: so many logical blocks, and the media they lie on. Belongs to one <see cref="Nvme"/>, and is touched under its
/// slot's lock.</summary>
public sealed class NvmeNamespace
{
    /// <summary>The LBA data sizes there are, in bytes, by LBA format.</summary>
    internal static readonly int[] Formats = [512, 4096];

    /// <summary>A namespace.</summary>
    /// <param name="bytes">Its size; a multiple of <paramref name="blockSize"/>.</param>
    /// <param name="blockSize">Bytes of a logical block, 512 or 4096; the driver can format it otherwise.</param>
    /// <param name="media">What the data lie on; memory, with room to grow sixteenfold, unless told.</param>
    /// <exception cref="ArgumentException">There is no such block size, or the size is no multiple of it, or is more than the media hold.</exception>
    public NvmeNamespace(long bytes, int blockSize = 512, INvmeMedia? media = null)
    {
        if (!Formats.Contains(blockSize)) throw new ArgumentException($"A logical block has {string.Join(" or ", Formats)} bytes, not {blockSize}", nameof(blockSize));
        if (bytes <= 0 || bytes % blockSize != 0) throw new ArgumentException($"{bytes} bytes are not one or more blocks of {blockSize}", nameof(bytes));
        Media = media ?? new MemoryMedia(Math.Min(bytes, long.MaxValue / 16) * 16);
        if (bytes > Media.Length) throw new ArgumentException($"The namespace has {bytes} bytes, its media hold {Media.Length}", nameof(bytes));
        (Bytes, BlockSize) = (bytes, blockSize);
    }

    /// <summary>Its NSID, from 1; 0 until it belongs to a controller.</summary>
    public uint Id { get; internal set; }

    /// <summary>Its size in bytes.</summary>
    public long Bytes { get; internal set; }

    /// <summary>Bytes of a logical block.</summary>
    public int BlockSize { get; internal set; }

    /// <summary>Its size in logical blocks.</summary>
    public long Blocks => Bytes / BlockSize;

    /// <summary>The controller offers it. While false the driver is told there is no such namespace.</summary>
    public bool IsAttached { get; internal set; } = true;

    /// <summary>What the data lie on.</summary>
    public INvmeMedia Media { get; }

    /// <summary>Blocks the driver wrote, with data.</summary>
    public long BlocksWritten { get; internal set; }

    /// <summary>Blocks the driver deallocated.</summary>
    public long BlocksDeallocated { get; internal set; }

    /// <summary>Blocks the driver had zeroed by Write Zeroes.</summary>
    public long BlocksZeroed { get; internal set; }

    internal int BlockBits => BitOperations.Log2((uint)BlockSize);

    /// <summary>The SHA-256 of some blocks as they lie on the media, in lower-case hexadecimal: what <c>sha256sum</c> in the guest must say.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The blocks pass the namespace's end.</exception>
    public string Sha256(long firstBlock, long blocks)
    {
        if (firstBlock < 0 || blocks < 0 || firstBlock > Blocks - blocks)
            throw new ArgumentOutOfRangeException(nameof(firstBlock), $"Blocks {firstBlock} to {firstBlock + blocks} are not all among the {Blocks} of namespace {Id}");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[BlockSize];
        for (var at = firstBlock; at < firstBlock + blocks; at++)
        {
            if (!Media.Read(at * BlockSize, block)) throw new InvalidOperationException($"Block {at} of namespace {Id} cannot be read from its media");
            hash.AppendData(block);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
