using Understudy.Boards;
using Understudy.Runner.Dkms;
using Understudy.Runner.Suites;
using Understudy.Toolchain;

namespace Understudy.Runner.Pipelines;

/// <summary>One step with one combination of its axes.</summary>
/// <param name="Phase">The name of its phase.</param>
/// <param name="Step">The step.</param>
/// <param name="Values">The value of each axis the step is over, in its order.</param>
public sealed record PipelineCell(string Phase, PipelineStep Step, IReadOnlyList<(PipelineAxis Axis, AxisValue Value)> Values)
{
    /// <summary>On what it runs: <c>kernel=debian:6.1,irq=msix</c>; empty for a step over no axis.</summary>
    public string Place => string.Join(',', Values.Select(at => $"{at.Axis.Name}={at.Value.Name}"));

    /// <summary>Its name among all cells: <c>cpu/modes/kernel=debian:6.1,irq=msix</c>.</summary>
    public string Name => $"{Phase}/{Step.Name}{(Values.Count > 0 ? $"/{Place}" : "")}";

    /// <summary>What <c>--cell</c> takes to choose it and no other.</summary>
    public string Selector => $"{CellSelector.Phase}={Phase},{CellSelector.Step}={Step.Name}{(Values.Count > 0 ? $",{Place}" : "")}";

    /// <summary>Its board, by its name in the catalog.</summary>
    public string Board => Values.Select(at => at.Value.Board).FirstOrDefault(board => board is not null) ?? BoardCatalog.Default;

    /// <summary>Its kernel, as a command line names it.</summary>
    public string Kernel => Values.Select(at => at.Value.Kernel).FirstOrDefault(kernel => kernel is not null) ?? BoardCatalog.Find(Board).Kernel;

    /// <summary>The user space its package is installed in; null for the usual one.</summary>
    public UserSpace? Distribution => Values.Select(at => at.Value.Distribution).FirstOrDefault(distribution => distribution is not null);

    /// <summary>The ways its package is installed.</summary>
    public IReadOnlyList<DkmsWay> Ways => Values.Select(at => at.Value.Way).FirstOrDefault(way => way is not null) is { } only ? [only] : Enum.GetValues<DkmsWay>();

    /// <summary>Where its tests run.</summary>
    /// <param name="file">The pipeline's file.</param>
    /// <param name="command">The command line that runs the cell alone.</param>
    public MatrixPoint Point(string file, string command) => new(string.Join(',', Values.Where(at => at.Value.Kernel is null).Select(at => $"{at.Axis.Name}={at.Value.Name}").Prepend(Kernel)), file, Kernel, Board)
    {
        Devices = [.. Values.SelectMany(at => at.Value.Devices)],
        Cpus = Values.Select(at => at.Value.Cpus).LastOrDefault(cpus => cpus is not null),
        MemoryMebibytes = Values.Select(at => at.Value.MemoryMebibytes).LastOrDefault(memory => memory is not null),
        AddedParameters = Values.SelectMany(at => at.Value.ModuleParameters).GroupBy(added => added.Key).ToDictionary(module => module.Key, module => string.Join(' ', module.Select(added => added.Value))),
        Command = command,
    };
}
