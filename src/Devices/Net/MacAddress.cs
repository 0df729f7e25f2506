using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Understudy.Devices;

/// <summary>An Ethernet address.</summary>
/// <param name="Value">Its 48 bits, first octet highest.</param>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>All ones.</summary>
    public static readonly MacAddress Broadcast = new(0xFFFF_FFFF_FFFF);

    /// <summary>Reads six octets as they are on the wire.</summary>
    public static MacAddress From(ReadOnlySpan<byte> octets)
        => new((ulong)BinaryPrimitives.ReadUInt16BigEndian(octets) << 32 | BinaryPrimitives.ReadUInt32BigEndian(octets[2..]));

    /// <summary>Reads <c>02:00:5e:00:53:01</c>.</summary>
    /// <exception cref="FormatException">It is not six octets in hex with colons or dashes between.</exception>
    public static MacAddress Parse(string text)
        => TryParse(text, out var mac) ? mac : throw new FormatException($"'{text}' is no MAC address; write six hex octets, as in 02:00:5e:00:53:01");

    /// <summary>Reads <c>02:00:5e:00:53:01</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MacAddress mac)
    {
        mac = default;
        var octets = text?.Split(':', '-');
        if (octets?.Length != 6) return false;
        foreach (var octet in octets)
        {
            if (octet.Length is < 1 or > 2 || !byte.TryParse(octet, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)) return false;
            mac = new MacAddress(mac.Value << 8 | value);
        }
        return true;
    }

    /// <summary>A frame may carry it as its source: not a group address, not zero.</summary>
    public bool IsStation => Value != 0 && (Value >> 40 & 1) == 0;

    /// <summary>Writes the six octets as they are on the wire.</summary>
    public void CopyTo(Span<byte> octets)
    {
        BinaryPrimitives.WriteUInt16BigEndian(octets, (ushort)(Value >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(octets[2..], (uint)Value);
    }

    /// <summary>Six octets in hex with colons between.</summary>
    public override string ToString()
    {
        Span<byte> octets = stackalloc byte[6];
        CopyTo(octets);
        return $"{octets[0]:x2}:{octets[1]:x2}:{octets[2]:x2}:{octets[3]:x2}:{octets[4]:x2}:{octets[5]:x2}";
    }
}
