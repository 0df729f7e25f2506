using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>Where a ring of descriptors lies and which one is next.</summary>
sealed class DescriptorRing
{
    readonly Rtl8111 _nic;
    readonly RegisterFile _registers;
    readonly Bits _low;
    readonly Register _high;
    readonly string _name;
    int _next;

    public DescriptorRing(Rtl8111 nic, RegisterFile registers, Bits low, Register high, string name)
    {
        (_nic, _registers, _low, _high, _name) = (nic, registers, low, high, name);
        registers.OnWrite(low.Register, _ => Restart()).OnWrite(high, _ => Restart());
    }

    public void Restart() => _next = 0;

    /// <summary>Reads the next descriptor.</summary>
    /// <returns>False when its memory cannot be read.</returns>
    public bool Read(out Descriptor descriptor) => _nic.Memory.Read(Next, out descriptor);

    /// <summary>Gives the next descriptor back to the driver, status words in the order that lets it trust them, and moves on.</summary>
    public bool Return(in Descriptor descriptor, bool writeOptions2)
    {
        var returned = descriptor with { Options1 = descriptor.Options1 & ~Descriptor.Own };
        if (!_nic.Memory.Publish(Next, returned, ownerOffset: 0, ownerBytes: 4, writeOptions2 ? ..8 : ..4)) return false;
        _next = descriptor.Is(Descriptor.EndOfRing) ? 0 : _next + 1;
        if (_next < Descriptor.MostInRing) return true;
        _nic.Find("ring-without-end", $"the {_name} ring has no end in {Descriptor.MostInRing} descriptors");
        _next = 0;
        return true;
    }

    ulong Next => (_registers[_high] << 32 | _registers[_low] << 8) + (ulong)(_next * Descriptor.Size);
}
