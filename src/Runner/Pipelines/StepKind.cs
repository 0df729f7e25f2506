namespace Understudy.Runner.Pipelines;

/// <summary>What a step of a pipeline does; its word in the file is the name in lower case.</summary>
public enum StepKind
{
    /// <summary>A shell command on the host: exit code 0 is a pass, 4 a skip, anything else a failure.</summary>
    Shell,

    /// <summary>The kernel's own checkpatch.pl over a driver's sources.</summary>
    Checkpatch,

    /// <summary>sparse over a driver's sources, as they are compiled for a kernel.</summary>
    Sparse,

    /// <summary>A driver's modules, built for a kernel.</summary>
    Build,

    /// <summary>A suite of tests, each in a guest of its own.</summary>
    Suite,

    /// <summary>A driver's DKMS packages, made, and taken through a kernel in a clean guest.</summary>
    Package,

    /// <summary>Files that the steps before it left, put together with their checksums.</summary>
    Artefacts,
}
