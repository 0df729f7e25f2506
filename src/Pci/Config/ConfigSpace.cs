using System.Numerics;

namespace Understudy.Pci;

/// <summary>A type 0 configuration space (PCI Local Bus 3.0, 6.1; 4096 bytes as PCI Express has it), built from what a device declares.</summary>
sealed class ConfigSpace
{
    public const int Bytes = 4096;

    const int FirstCapability = 0x40;
    readonly Flag _ioSpace, _memorySpace, _busMaster, _intxDisable, _interruptStatus;
    readonly Flag _romEnable;
    readonly PowerManagement? _power;

    public ConfigSpace(PciDevice device)
    {
        Map = new RegisterMap("Config", Bytes);
        var identity = device.Identity;
        Map.R16(0x00, identity.Vendor, "VendorId");
        Map.R16(0x02, identity.Device, "DeviceId");
        Command = Map.R16(0x04, name: "Command");
        _ioSpace = Command.Rw(0, "IoSpaceEnable");
        _memorySpace = Command.Rw(1, "MemorySpaceEnable");
        _busMaster = Command.Rw(2, "BusMasterEnable");
        Command.Rw(6, "ParityErrorResponse");
        Command.Rw(8, "SerrEnable");
        _intxDisable = Command.Rw(10, "InterruptDisable");
        var status = Map.R16(0x06, reset: device.Capabilities.Count > 0 ? 0x0010u : 0, name: "Status");
        _interruptStatus = status.Ro(3, "InterruptStatus");
        status.Ro(4, "CapabilitiesList");
        status.W1c(8, "MasterDataParityError");
        status.W1c(15, 11, "ErrorsSeen");
        Map.R8(0x08, identity.Revision, "RevisionId");
        Map.R8(0x09, identity.ClassCode & 0xFF, "ProgrammingInterface");
        Map.R16(0x0A, identity.ClassCode >> 8 & 0xFFFF, "ClassCode");
        Map.R8(0x0C, name: "CacheLineSize").ReadWrite();
        Map.R8(0x0D, name: "LatencyTimer");
        Map.R8(0x0E, name: "HeaderType");
        Map.R8(0x0F, name: "Bist");
        DeclareBars(device);
        Map.R16(0x2C, identity.SubsystemVendor, "SubsystemVendorId");
        Map.R16(0x2E, identity.Subsystem, "SubsystemId");
        _romEnable = DeclareRom(device.Bars[6]);
        Map.R8(0x34, reset: device.Capabilities.Count > 0 ? FirstCapability : 0u, name: "CapabilitiesPointer");
        Map.R8(0x3C, name: "InterruptLine").ReadWrite();
        Map.R8(0x3D, reset: (ulong)device.IntxPin, name: "InterruptPin");
        Map.R8(0x3E, name: "MinGnt");
        Map.R8(0x3F, name: "MaxLat");
        PlaceCapabilities(device);
        foreach (var (offset, map) in device.ConfigBlocks) Map.Include(offset, map, map.Name);
        _power = device.Capabilities.OfType<PowerManagement>().FirstOrDefault();
        Registers = new RegisterFile(Map);
    }

    public RegisterMap Map { get; }

    public RegisterFile Registers { get; }

    public Register Command { get; }

    public bool BusMaster => Registers[_busMaster] && InD0;

    public bool IntxDisabled => Registers[_intxDisable];

    public bool InterruptStatus { set => Registers[_interruptStatus] = value; }

    public bool InD0 => _power is null || _power.IsInD0(Registers);

    public bool Decodes(PciBar bar) => InD0 && bar.Kind switch
    {
        BarKind.Io => Registers[_ioSpace],
        BarKind.Rom => Registers[_memorySpace] && Registers[_romEnable],
        _ => Registers[_memorySpace],
    };

    void DeclareBars(PciDevice device)
    {
        for (var i = 0; i < 6; i++)
        {
            var offset = 0x10 + 4 * i;
            if (device.Bars[i] is not { } bar)
            {
                Map.R32(offset, name: $"Bar{i}");
                continue;
            }
            var type = bar.Kind switch { BarKind.Io => 1u, BarKind.Memory64 => 4u, _ => 0u } | (bar.Prefetchable ? 8u : 0);
            Map.R32(offset, type, $"Bar{i}").Rw(31, BitOperations.Log2(bar.Size), $"Bar{i}Address");
            if (bar.Kind == BarKind.Memory64) Map.R32(0x10 + 4 * ++i, name: $"Bar{i}").ReadWrite();
        }
        Map.R32(0x28, name: "CardbusCisPointer");
    }

    Flag DeclareRom(PciBar? rom)
    {
        var register = Map.R32(0x30, name: "ExpansionRom");
        if (rom is null) return default;
        register.Rw(31, BitOperations.Log2(rom.Size), "RomAddress");
        return register.Rw(0, "RomEnable");
    }

    void PlaceCapabilities(PciDevice device)
    {
        var offset = FirstCapability;
        for (var i = 0; i < device.Capabilities.Count; i++)
        {
            var capability = device.Capabilities[i];
            var next = offset + capability.AlignedLength;
            capability.Place(Map, offset, i + 1 < device.Capabilities.Count ? next : 0);
            offset = next;
        }
        if (offset > 0x100) throw new ArgumentException($"The capabilities of {device.GetType().Name} end at 0x{offset:x}, past the 256 bytes they have", nameof(device));
    }
}
