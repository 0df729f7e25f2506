using System.Buffers.Binary;

namespace Understudy.Devices;

/// <summary>What the SMART / health information log tells (NVM Express Base 1.4, 5.14.1.2).</summary>
sealed class NvmeHealth
{
    const int UnitBytes = 512 * 1000;
    long _bytesRead, _bytesWritten;
    ulong _reads, _writes;

    /// <summary>Kelvin.</summary>
    public ushort Temperature { get; set; } = 273 + 38;

    public ulong MediaErrors { get; set; }
    public ulong UnsafeShutdowns { get; set; }
    public ulong PowerCycles { get; set; } = 1;

    public void Read(int bytes)
    {
        _bytesRead += bytes;
        _reads++;
    }

    public void Written(int bytes)
    {
        _bytesWritten += bytes;
        _writes++;
    }

    public void Fill(Span<byte> page, bool tooHot, ulong errors)
    {
        page[0] = (byte)(tooHot ? 2 : 0);
        BinaryPrimitives.WriteUInt16LittleEndian(page[1..], Temperature);
        (page[3], page[4]) = (100, 10);     // available spare and its threshold, percent
        Count(page, 32, (ulong)((_bytesRead + UnitBytes - 1) / UnitBytes));
        Count(page, 48, (ulong)((_bytesWritten + UnitBytes - 1) / UnitBytes));
        Count(page, 64, _reads);
        Count(page, 80, _writes);
        Count(page, 112, PowerCycles);
        Count(page, 144, UnsafeShutdowns);
        Count(page, 160, MediaErrors);
        Count(page, 176, errors);
        BinaryPrimitives.WriteUInt16LittleEndian(page[200..], Temperature);
    }

    static void Count(Span<byte> page, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(page[at..], value);
}
