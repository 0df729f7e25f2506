namespace Understudy.Runner.Suites;

/// <summary>The environment variables by which a test program is told what to run, and where to write it down. People may set
/// <see cref="Board"/>, <see cref="Kernel"/>, <see cref="Modules"/>, <see cref="Seed"/>, <see cref="Start"/> and <see cref="Output"/> themselves.</summary>
public static class CodeVariables
{
    /// <summary>A board, by its name in the catalog.</summary>
    public const string Board = "UNDERSTUDY_BOARD";

    /// <summary>Kernels, separated by commas: names of the catalog or paths.</summary>
    public const string Kernel = "UNDERSTUDY_KERNEL";

    /// <summary>The modules directory of kernels that are given by their path.</summary>
    public const string Modules = "UNDERSTUDY_MODULES";

    /// <summary>A file or directory with kernels and modules that have debug information.</summary>
    public const string Symbols = "UNDERSTUDY_SYMBOLS";

    /// <summary><c>1</c> keeps a guest's memory when its kernel dies or hangs.</summary>
    public const string DumpMemory = "UNDERSTUDY_DUMP_MEMORY";

    /// <summary>Seed of everything random.</summary>
    public const string Seed = "UNDERSTUDY_SEED";

    /// <summary><c>cold</c> boots each guest; otherwise they are restored.</summary>
    public const string Start = "UNDERSTUDY_START";

    /// <summary><c>host</c> or <c>virtual</c>: whose time guests live in, whatever the tests say.</summary>
    public const string Time = "UNDERSTUDY_TIME";

    /// <summary>Faults that begin when the rig is up: lines as in a <c>faults</c> file.</summary>
    public const string Faults = "UNDERSTUDY_FAULTS";

    /// <summary><c>1</c> records devices, for <c>understudy replay</c>.</summary>
    public const string Record = "UNDERSTUDY_RECORD";

    /// <summary>A directory for the run directories of all tests.</summary>
    public const string Output = "UNDERSTUDY_OUTPUT";

    /// <summary>The run directory of the one test there is to run.</summary>
    public const string Run = "UNDERSTUDY_RUN";

    /// <summary>Which of several repetitions it is.</summary>
    public const string Repeat = "UNDERSTUDY_REPEAT";

    /// <summary>The command line that runs it again.</summary>
    public const string Command = "UNDERSTUDY_COMMAND";

    /// <summary>A file that the driver tests of a program are to be told to, a <see cref="CodeTestEntry"/> a line; nothing is run.</summary>
    public const string List = "UNDERSTUDY_LIST";
}
