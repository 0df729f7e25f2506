namespace Understudy.Runner;

/// <summary>What the demo runs on.</summary>
/// <param name="Lab">Kernel and modules.</param>
/// <param name="Directory">The run directory to make.</param>
/// <param name="Command">The command line that repeats it.</param>
/// <param name="Seed">Seed of everything random.</param>
/// <param name="Every">Every how many interrupts one is lost in the fault step.</param>
public sealed record DemoRequest(LabRequest Lab, string Directory, string Command, int Seed = 1, int Every = 5);
