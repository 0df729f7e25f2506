using System.Buffers.Binary;

namespace Understudy.Machine.Tests;

/// <summary>Makes qcow2 images, version 2, as docs/interop/qcow2.rst of QEMU says: one L1 entry, one L2 table, all clusters in place.</summary>
static class Qcow2
{
    const int ClusterBits = 16, Cluster = 1 << ClusterBits, Table = Cluster / 8;
    const ulong Copied = 1UL << 63;

    /// <summary>Writes a raw image of up to 512 MiB anew.</summary>
    public static void Write(string raw, string to)
    {
        var content = File.ReadAllBytes(raw);
        var clusters = (content.Length + Cluster - 1) / Cluster;
        // Header, refcount table, refcount block, L1, L2, then the content.
        var image = new byte[(5 + clusters) * Cluster];
        Assert.InRange(5 + clusters, 0, Math.Min(Table, Cluster / 2));
        "QFI\u00FB"u8[..3].CopyTo(image);
        image[3] = 0xFB;
        Put32(image, 4, 2);
        Put32(image, 20, ClusterBits);
        Put64(image, 24, (ulong)content.Length);
        Put32(image, 36, 1);
        Put64(image, 40, 3 * Cluster);
        Put64(image, 48, 1 * Cluster);
        Put32(image, 56, 1);
        Put64(image, 1 * Cluster, 2 * Cluster);
        for (var used = 0; used < 5 + clusters; used++) BinaryPrimitives.WriteUInt16BigEndian(image.AsSpan(2 * Cluster + 2 * used), 1);
        Put64(image, 3 * Cluster, 4 * Cluster | Copied);
        for (var cluster = 0; cluster < clusters; cluster++) Put64(image, 4 * Cluster + 8 * cluster, (ulong)(5 + cluster) * Cluster | Copied);
        content.CopyTo(image, 5 * Cluster);
        File.WriteAllBytes(to, image);
    }

    static void Put32(byte[] image, int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(image.AsSpan(at), value);

    static void Put64(byte[] image, int at, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(image.AsSpan(at), value);
}
