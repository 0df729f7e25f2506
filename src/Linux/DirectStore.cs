using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Understudy.Linux;

/// <summary>Stores of 64 bytes in one piece: MOVDIR64B, which C# has no name for. Where the processor, or an emulator, does not have it, eight
/// stores of 8 bytes in ascending order.</summary>
static unsafe class DirectStore
{
    const int Movdir64bInCpuid = 28, ReadAndExecute = 1 | 4, MapPrivate = 2, PageBytes = 4096;
    static readonly delegate* unmanaged<byte*, byte*, void> s_instruction = Assemble();

    /// <summary>The processor has the instruction, and the kernel let it be assembled.</summary>
    public static bool IsWhole => s_instruction != null;

    /// <summary>Stores 64 bytes.</summary>
    /// <param name="to">A multiple of 64.</param>
    /// <param name="from">Anywhere.</param>
    public static void Store(byte* to, byte* from)
    {
        if (IsWhole) s_instruction(to, from);
        else InEight(to, from);
    }

    internal static void InEight(byte* to, byte* from)
    {
        for (var i = 0; i < 64; i += 8) Volatile.Write(ref *(ulong*)(to + i), Unsafe.ReadUnaligned<ulong>(from + i));
    }

    static delegate* unmanaged<byte*, byte*, void> Assemble()
    {
        if (!X86Base.IsSupported || (X86Base.CpuId(7, 0).Ecx >> Movdir64bInCpuid & 1) == 0) return null;
        ReadOnlySpan<byte> code = [0x66, 0x0F, 0x38, 0xF8, 0x3E, 0xC3];                // movdir64b rdi, [rsi]; ret
        using var memory = FileDescriptor.CreateMemory("movdir64b", PageBytes);
        memory.WriteAt(0, code);
        var address = Libc.mmap(0, PageBytes, ReadAndExecute, MapPrivate, memory, 0);
        return address == -1 ? null : (delegate* unmanaged<byte*, byte*, void>)address;
    }
}
