namespace Understudy.Runner.Tests;

public sealed class DeafGuestTests
{
    static string Cpu(string flags, int halted) => $"\nCPU#0\nRAX=ffffffffc0207130 RBX=00000000000000e0\nRIP=ffffffffc0207141 RFL={flags} [-------] CPL=0 II=0 A20=1 SMM=0 HLT={halted}\nES =0000 0000000000000000\n";

    [Fact]
    public void A_CPU_that_runs_with_its_interrupts_off_is_told_from_one_that_could_be_woken()
    {
        Assert.True(DeafGuest.TakesNoInterrupts(Cpu("00000002", 0)));
        Assert.True(DeafGuest.TakesNoInterrupts(Cpu("00000246", 1) + Cpu("00000046", 0)));
        Assert.False(DeafGuest.TakesNoInterrupts(Cpu("00000246", 0)));
        Assert.False(DeafGuest.TakesNoInterrupts(Cpu("00000046", 1)));
        Assert.False(DeafGuest.TakesNoInterrupts("QEMU's monitor does not answer: QEMU itself is stuck"));
    }
}
