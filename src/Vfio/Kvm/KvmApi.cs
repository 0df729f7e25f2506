using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Understudy.Vfio.Kvm;

/// <summary>The numbers and layouts of the kernel's interface (include/uapi/linux/kvm.h, arch/x86/include/uapi/asm/kvm.h), as far as
/// <see cref="InterruptGuest"/> uses it.</summary>
static class KvmApi
{
    public const uint GetApiVersion = 0xAE00, CreateVm = 0xAE01, GetVcpuMapSize = 0xAE04, CreateVcpu = 0xAE41, SetTssAddress = 0xAE47, CreateIrqChip = 0xAE60, Run = 0xAE80;
    public const uint SetMemory = 0x4020_AE46, SetRouting = 0x4008_AE6A, IrqFd = 0x4020_AE76, SignalMsi = 0x4020_AEA5;
    public const uint SetRegisters = 0x4090_AE82, GetSpecialRegisters = 0x8138_AE83, SetSpecialRegisters = 0x4138_AE84;
    public const int Version = 12;
    public const uint ExitIo = 2;
    public const uint IrqFdDeassign = 1;
    public const uint RouteMsi = 2;

    [StructLayout(LayoutKind.Sequential)]
    public struct Memory { public uint Slot, Flags; public ulong GuestAddress, Bytes, HostAddress; }

    [StructLayout(LayoutKind.Sequential)]
    public struct IrqFdRequest { public uint Descriptor, Gsi, Flags, Resample; public ulong Pad0, Pad1; }

    [StructLayout(LayoutKind.Sequential)]
    public struct Msi { public uint AddressLow, AddressHigh, Data, Flags, Device, Pad0; public ulong Pad1; }

    /// <summary>struct kvm_irq_routing_entry, for a message.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Route { public uint Gsi, Type, Flags, Pad, AddressLow, AddressHigh, Data, Device; public Rest Unused; }

    [InlineArray(2)]
    public struct Rest { ulong _first; }

    [StructLayout(LayoutKind.Sequential)]
    public struct Registers { public ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, Rsp, Rbp, R8, R9, R10, R11, R12, R13, R14, R15, Rip, Rflags; }

    [StructLayout(LayoutKind.Sequential)]
    public struct Segment { public ulong Start; public uint Limit; public ushort Selector; public byte Type, Present, Privilege, Wide, CodeOrData, Long, Pages, Available, Unusable, Pad; }

    [StructLayout(LayoutKind.Sequential)]
    public struct Table { public ulong Start; public ushort Limit, Pad0, Pad1, Pad2; }

    [StructLayout(LayoutKind.Sequential)]
    public struct SpecialRegisters
    {
        public Segment Cs, Ds, Es, Fs, Gs, Ss, Tr, Ldt;
        public Table Gdt, Idt;
        public ulong Cr0, Cr2, Cr3, Cr4, Cr8, Efer, ApicBase;
        public ulong Pending0, Pending1, Pending2, Pending3;
    }

    /// <summary>struct kvm_run as far as the exit for a port.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct RunState { public ulong Request; public uint ExitReason, Ready; public ulong Cr8, ApicBase; public byte Direction, Size; public ushort Port; public uint Count; public ulong DataOffset; }
}
