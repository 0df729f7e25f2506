using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The eight registers of a 16550 (National Semiconductor PC16550D, table II; names are its own). What lies at 0 and 1 depends on DLAB and on
/// the direction: the hooks decide.</summary>
static class Uart16550Registers
{
    public static readonly RegisterMap Map = new("UART", size: 8);

    internal static readonly Register RBR = Map.R8(0);      // THR when written, DLL with DLAB
    internal static readonly Register IER = Map.R8(1);      // DLM with DLAB
    internal static readonly Register IIR = Map.R8(2);      // FCR when written
    internal static readonly Register LCR = Map.R8(3).ReadWrite();
    internal static readonly Register MCR = Map.R8(4);
    internal static readonly Bits ModemOutputs = MCR.Rw(4, 0);
    internal static readonly Register LSR = Map.R8(5);
    internal static readonly Register MSR = Map.R8(6);
    static readonly Register SCR = Map.R8(7).ReadWrite();

    public const byte ReceivedData = 1 << 0, TransmitterEmpty = 1 << 1, LineStatus = 1 << 2, ModemStatus = 1 << 3;              // IER
    public const byte NoInterrupt = 1, IsModemStatus = 0, IsTransmitter = 2, IsReceived = 4, IsLineStatus = 6, IsTimeout = 12;  // IIR
    public const byte DLAB = 1 << 7, SetBreak = 1 << 6;                                                                        // LCR
    public const byte DTR = 1 << 0, RTS = 1 << 1, OUT1 = 1 << 2, OUT2 = 1 << 3, Loop = 1 << 4;                                 // MCR
    public const byte DR = 1 << 0, OE = 1 << 1, PE = 1 << 2, FE = 1 << 3, BI = 1 << 4, THRE = 1 << 5, TEMT = 1 << 6, FifoError = 1 << 7; // LSR
    public const byte CTS = 1 << 4, DSR = 1 << 5, RI = 1 << 6, DCD = 1 << 7;                                                   // MSR
}
