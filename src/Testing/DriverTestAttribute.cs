using System.Runtime.CompilerServices;
using Understudy.Boards;
using Understudy.Runner.Suites;
using Xunit;
using Xunit.v3;

namespace Understudy.Testing;

/// <summary>A test of a driver, in a guest of its own. Its properties are the keys of a directory test's <c>test.yaml</c> (docs/writing-a-test.md).
/// <see cref="FactAttribute.Timeout"/> is the time it may take once its guest is up, in milliseconds of the host; 60 s without it.</summary>
/// <param name="sourceFilePath">Given by the compiler.</param>
/// <param name="sourceLineNumber">Given by the compiler.</param>
[XunitTestCaseDiscoverer(typeof(DriverTestDiscoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class DriverTestAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1) : FactAttribute(sourceFilePath, sourceLineNumber)
{
    /// <summary>What it shows, in a line.</summary>
    public string Description { get; set; } = "";

    /// <summary>Devices of the catalog to plug in before those the test plugs itself, as <c>rtl8111 as nic</c>.</summary>
    public string[] Devices { get; set; } = [];

    /// <summary>Modules to load before the test begins, each with its parameters, as <c>r8169 debug=16</c>. A kernel that lacks one makes a skip.
    /// A path, from the directory of the test's source, is a module directory to build or a <c>.ko</c> (docs/building.md).</summary>
    public string[] Modules { get; set; } = [];

    /// <summary>The kernels it is for: <c>&gt;=6.1</c>, <c>6.12</c>, <c>debian:*</c>. Others make a skip; none given means all.</summary>
    public string[] Kernels { get; set; } = [];

    /// <summary>The boards it is for, as <c>qemu</c>. Others make a skip; none given means all.</summary>
    public string[] Boards { get; set; } = [];

    /// <summary>What the board must be able to do, as <c>needs</c> in a <c>test.yaml</c>. A board that cannot makes a skip.</summary>
    public string[] Needs { get; set; } = [];

    /// <summary>Virtual CPUs, 1 to 64.</summary>
    public int Cpus { get; set; } = 1;

    /// <summary>Guest memory, in MiB.</summary>
    public int MemoryMebibytes { get; set; } = 256;

    /// <summary>More kernel arguments; such a test boots a guest of its own.</summary>
    public string[] KernelArguments { get; set; } = [];

    /// <summary>More arguments for QEMU; such a test boots a guest of its own.</summary>
    public string[] QemuArguments { get; set; } = [];

    /// <summary>Why it is expected to fail: then its failure is a pass with that remark, and its pass a failure. Null when it is expected to pass.</summary>
    public string? ExpectFailure { get; set; }

    /// <summary>Regular expressions, each of which the title of a finding must match; such findings fail nothing, and what a fatal one brings with
    /// it neither.</summary>
    public string[] ExpectFinding { get; set; } = [];

    /// <summary>How often its modules are loaded and unloaded before the test, to see what stays behind: 10 to 1000, or 0 for never.</summary>
    public int LeakCheck { get; set; }

    /// <summary>Regular expressions, each of which the kernel log must hold when the test has ended; a finding that fits one fails nothing.</summary>
    public string[] ExpectLog { get; set; } = [];

    /// <summary>Warnings of the bus, those that only a model gives among them, fail the test.</summary>
    public bool StrictBus { get; set; }

    /// <summary>Shell commands for the guest, run after the modules are loaded; one that succeeds makes a skip, and its last line says why.</summary>
    public string[] SkipIf { get; set; } = [];

    /// <summary>Words to choose it by: <c>understudy run --tag</c>, and the trait <c>Tag</c> elsewhere.</summary>
    public string[] Tags { get; set; } = [];

    /// <summary>All of it as the runner's settings.</summary>
    /// <param name="allowed">What else the test allows.</param>
    /// <param name="checks">The bus checks it allows.</param>
    /// <exception cref="FormatException">A value is not what it has to be; the message says which, and what would be right.</exception>
    internal TestSettings Settings(IEnumerable<AllowLogAttribute> allowed, IEnumerable<AllowCheckAttribute> checks) => new()
    {
        Description = Description,
        Devices = Read(nameof(Devices), Devices, PlannedDevice.Parse),
        Modules = Read(nameof(Modules), Modules, module => PlannedModule.Parse(module).From(Here)),
        Kernel = Kernels.Length > 0 ? Read(nameof(Kernels), [Kernels], KernelConstraint.Parse)[0] : null,
        Boards = Read(nameof(Boards), Boards, name => Known("board", name, BoardCatalog.Names)),
        Needs = Read(nameof(Needs), Needs, word => BoardTraits.Words[Known("ability of a board", word, BoardTraits.Words.Keys)]),
        Cpus = Cpus is >= 1 and <= 64 ? Cpus : throw new FormatException($"{nameof(Cpus)}: expected 1 to 64, not {Cpus}"),
        MemoryMebibytes = MemoryMebibytes is >= 32 and <= 1 << 20 ? MemoryMebibytes : throw new FormatException($"{nameof(MemoryMebibytes)}: expected 32 to 1048576, not {MemoryMebibytes}"),
        KernelArguments = KernelArguments,
        QemuArguments = QemuArguments,
        Timeout = Timeout switch { 0 => new TestSettings().Timeout, > 0 => TimeSpan.FromMilliseconds(Timeout), _ => throw new FormatException($"{nameof(Timeout)}: expected milliseconds, not {Timeout}") },
        ExpectedFailure = ExpectFailure,
        ExpectedFindings = Read(nameof(ExpectFinding), ExpectFinding, LogPattern.Parse),
        LeakCheck = LeakCheck is 0 or (>= 10 and <= 1000) ? LeakCheck : throw new FormatException($"{nameof(LeakCheck)}: expected 10 to 1000, or 0, not {LeakCheck}"),
        ExpectedLog = Read(nameof(ExpectLog), ExpectLog, LogPattern.Parse),
        AllowedLog = [.. allowed.Select(log => new AllowedLog(LogPattern.Parse(log.Pattern), log.Reason))],
        AllowedChecks = Read("AllowCheck", [.. checks], allow => AllowedCheck.Of(allow.Check, allow.Reason)),
        StrictBus = StrictBus,
        SkipIf = SkipIf,
        CannotRun = Skip,
        Tags = Tags,
    };

    // A program that is run where it was not built has its files beside it.
    string Here => Path.GetDirectoryName(SourceFilePath) is { Length: > 0 } directory && Directory.Exists(directory) ? directory : AppContext.BaseDirectory;

    static string Known(string what, string name, IEnumerable<string> names)
        => names.Contains(name) ? name : throw new FormatException($"there is no {what} '{name}'; there is {string.Join(", ", names)}");

    static IReadOnlyList<TOut> Read<TIn, TOut>(string property, TIn[] values, Func<TIn, TOut> read)
    {
        try
        {
            return [.. values.Select(read)];
        }
        catch (FormatException wrong)
        {
            throw new FormatException($"{property}: {wrong.Message}", wrong);
        }
    }
}
