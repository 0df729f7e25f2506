namespace Understudy.Pci;

/// <summary>What crosses the bus between a device and its machine.</summary>
public enum BusOp : byte
{
    /// <summary>The machine reads configuration space; the address is the register's offset.</summary>
    ConfigRead,

    /// <summary>The machine writes configuration space.</summary>
    ConfigWrite,

    /// <summary>The machine reads a BAR (memory, I/O or ROM); the address is the offset in it.</summary>
    MmioRead,

    /// <summary>The machine writes a BAR.</summary>
    MmioWrite,

    /// <summary>The device reads the machine's memory; the address is a bus address.</summary>
    DmaRead,

    /// <summary>The device writes the machine's memory.</summary>
    DmaWrite,

    /// <summary>The device sends an MSI or MSI-X message; the address is the vector.</summary>
    Interrupt,

    /// <summary>The device asserts its INTx pin.</summary>
    IntxAssert,

    /// <summary>The device releases its INTx pin.</summary>
    IntxDeassert,

    /// <summary>The machine resets the device.</summary>
    Reset,
}
