using Understudy.Runner.Symbols;

namespace Understudy.Runner.Tests;

public sealed class SymboliserTests
{
    [Fact]
    public void The_frames_of_a_report_are_what_the_kernel_is_sure_of_each_once()
    {
        var frames = StackFrame.In(
        [
            "[    3.1] RIP: 0010:nic_open.isra.0+0x1b/0x90 [nic]", "[    3.1] RSP: 0018:ffffa1c0c0003ec8 EFLAGS: 00010246", "[    3.1] Call Trace:",
            "[    3.1]  <TASK>", "[    3.1]  ? __die+0x23/0x70", "[    3.1]  nic_open.isra.0+0x1b/0x90 [nic]", "[    3.1]  __dev_open+0xf7/0x1c0",
            " [<0000000060012345>] my_mod_start+0x0/0x10 [my-mod 5d2f]", " entry_SYSCALL_64_after_hwframe+0x6e/0xd8", "DMA at 0x12+0x3/0x4",
        ]);
        Assert.Equal(["nic_open.isra.0+0x1b/0x90 [nic]", "__dev_open+0xf7/0x1c0", "my_mod_start+0x0/0x10 [my_mod]", "entry_SYSCALL_64_after_hwframe+0x6e/0xd8"], frames.Select(frame => frame.ToString()));
        Assert.Equal([true, false, false, false], frames.Select(frame => frame.IsPointer));
    }

    [Fact]
    public void The_answers_of_addr2line_are_a_place_for_each_address_with_what_was_inlined_there()
    {
        const string Output = "0x0000000000000040\n/src/list.h:95\n/src/nic.c:70 (discriminator 3)\n0x0000000000000050\n??:0\n0x0000000000000060\n/src/a:b/nic.c:12\n0x0000000000000070\nnic.c:?\n";
        Assert.Equal(["/src/nic.c:70, inlined: /src/list.h:95", "", "/src/a:b/nic.c:12", ""], Symboliser.Parse(Output));
    }

    [Fact]
    public async Task What_has_no_debug_information_or_is_no_ELF_file_gives_no_places()
    {
        using var folder = new SuiteFolder();
        folder.With("vmlinux", "no ELF").With("nic.ko", "\u007fELF\u0002\u0001 and then nothing");
        var symbols = new Symboliser([folder["nowhere"]], [], folder.Path);
        var finding = new Verdict.Finding(1, Verdict.FindingSource.Console, "warning", "WARNING", Verdict.Severity.Error, [" nic_open+0x1b/0x90 [nic]", " start_kernel+0x1/0x2"]);
        Assert.Empty(await symbols.StackAsync(finding, TestContext.Current.CancellationToken));
    }
}
