namespace Understudy.Verdict;

/// <summary>A capability of a device in configuration space.</summary>
/// <param name="Name">Its name: <c>Msix</c>.</param>
/// <param name="Read">The driver, or its kernel for it, has read it.</param>
/// <param name="Written">It has been written.</param>
public sealed record CoveredCapability(string Name, bool Read, bool Written)
{
    internal string Word => Written ? "written" : Read ? "read" : "never met";
}
