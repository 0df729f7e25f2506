using Understudy.Boards;
using Understudy.Guest;

namespace Understudy.Runner.Suites;

/// <summary>What to run, on what, how often, and where to write it down.</summary>
/// <param name="Suites">The suites.</param>
/// <param name="Output">The directory that will hold a run directory for each cell; empty, or not there yet.</param>
/// <param name="Command">The command line that does it again.</param>
public sealed record SuiteRequest(IReadOnlyList<TestSuite> Suites, string Output, string Command)
{
    /// <summary>Names of kernels; empty for the newest one of the catalog.</summary>
    public IReadOnlyList<string> Kernels { get; init; } = [];

    /// <summary>The board to run on, by its name in the catalog.</summary>
    public string Board { get; init; } = BoardCatalog.Default;

    /// <summary>The points of a matrix to run on, in place of <see cref="Kernels"/> and <see cref="Board"/>; empty for none.</summary>
    public IReadOnlyList<MatrixPoint> Points { get; init; } = [];

    /// <summary>The modules directory of kernels that are given by their path; null for none.</summary>
    public string? Modules { get; init; }

    /// <summary>A file or directory with kernels and modules that have debug information; null for those that are built here.</summary>
    public string? Symbols { get; init; }

    /// <summary>A guest's memory is kept in its run directory when its kernel dies or hangs.</summary>
    public bool DumpMemory { get; init; }

    /// <summary>Which tests.</summary>
    public TestSelection Selection { get; init; } = new();

    /// <summary>Devices are recorded, so that they can be replayed (<see cref="DeviceRecordings"/>).</summary>
    public bool Record { get; init; }

    /// <summary>Faults for every test in a directory, beside those of its own: lines as in a <c>faults</c> file.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>Whose time guests live in, whatever the tests say; null leaves it to them.</summary>
    public GuestTime? Time { get; init; }

    /// <summary>Guests at once.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>How guests come up, where a test does not need a boot of its own.</summary>
    public GuestStart Start { get; init; } = GuestStart.Restored;

    /// <summary>How often each test is run.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>Goes on, without end unless <see cref="Repeat"/> is more than 1, until a cell ends badly.</summary>
    public bool UntilFail { get; init; }

    /// <summary>Where all randomness comes from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Runs the cells of a round in an order made from the seed, instead of by name.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Called when a directory test has ended badly while its guest still answers: guest and devices stay as they are until this is
    /// done. Null ends every guest with its test. Not with several guests at once.</summary>
    public Func<TestCell, GuestAgent, DeviceConsole, CancellationToken, Task>? Keep { get; init; }

    /// <summary>Refuses faults that could not strike in a test.</summary>
    /// <exception cref="FormatException">They could not; the message names test and rule.</exception>
    public void CheckFaults(IEnumerable<SuiteTest> tests)
    {
        if (Faults.Count == 0) return;
        foreach (var test in tests.OfType<DirectoryTest>())
            try
            {
                FaultsFile.Check(Faults, test);
            }
            catch (FormatException wrong)
            {
                throw new FormatException($"{test.FullName}: {wrong.Message}");
            }
    }

    /// <summary>How often everything is run; none where there is no end.</summary>
    internal int? Rounds => UntilFail && Repeat == 1 ? null : Repeat;
}
