namespace Understudy.Build.Tests;

public class BuildLogTests
{
    static IReadOnlyList<CompilerMessage> Read(string log) => BuildLog.Read(log.Split('\n'), "/work/nic");

    [Theory]
    [InlineData("/work/nic/nic.c:12:5: error: unknown type name 'u33'", "nic.c:12: error: unknown type name 'u33'")]
    [InlineData("nic.c:12:5: warning: unused variable 'x' [-Wunused-variable]", "nic.c:12: warning: unused variable 'x' [-Wunused-variable]")]
    [InlineData("./include/linux/x.h:3:10: fatal error: linux/y.h: No such file or directory", "include/linux/x.h:3: error: linux/y.h: No such file or directory")]
    [InlineData("head.S:4: Error: no such instruction: `mvo'", "head.S:4: error: no such instruction: `mvo'")]
    [InlineData("ERROR: modpost: \"nowhere\" [/work/nic/nic.ko] undefined!", "error: \"nowhere\" [/work/nic/nic.ko] undefined!")]
    [InlineData("WARNING: modpost: missing MODULE_DESCRIPTION() in nic.o", "warning: missing MODULE_DESCRIPTION() in nic.o")]
    [InlineData("/work/nic/Makefile:3: *** missing separator.  Stop.", "Makefile:3: error: missing separator")]
    [InlineData("make[3]: *** No rule to make target '/work/nic/b.o', needed by '/work/nic/nic.o'.  Stop.", "error: No rule to make target '/work/nic/b.o', needed by '/work/nic/nic.o'")]
    [InlineData("gcc: error: unrecognized command-line option '-fmin-function-alignment=16'", "error: gcc: error: unrecognized command-line option '-fmin-function-alignment=16'")]
    [InlineData("/bin/sh: 1: bison: not found", "error: /bin/sh: 1: bison: not found")]
    [InlineData("nic.c:(.text+0x1f): undefined reference to `nowhere'", "nic.c: error: undefined reference to `nowhere'")]
    public void Every_tool_is_understood(string line, string message) => Assert.Equal(message, Assert.Single(Read(line)).ToString());

    [Theory]
    [InlineData("  CC [M]  /work/nic/nic.o")]
    [InlineData("make[2]: *** [/usr/src/Makefile.build:294: nic.o] Error 1")]
    [InlineData("   12 | u33 x; // error: this is the source")]
    [InlineData("nic.c: In function 'probe':")]
    [InlineData("/work/nic/Makefile:9: *** [nic.o] Error 1")]
    public void What_only_repeats_that_something_failed_is_no_message(string line) => Assert.Empty(Read(line));

    [Fact]
    public void The_first_error_is_the_compilers_and_not_makes()
    {
        var messages = Read("nic.c:1:1: warning: w\nmake: *** No rule to make target 'x'.  Stop.\nnic.c:2:1: error: first\nnic.c:3:1: error: second");
        Assert.Equal("nic.c:2: error: first", BuildLog.First(messages)!.ToString());
    }

    [Fact]
    public void A_log_without_an_error_has_no_first_one() => Assert.Null(BuildLog.First(Read("nic.c:1:1: warning: w")));
}
