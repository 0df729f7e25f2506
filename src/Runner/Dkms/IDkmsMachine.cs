using Understudy.Guest;
using Understudy.Pci;

namespace Understudy.Runner.Dkms;

/// <summary>A running Debian in which a package is tried.</summary>
interface IDkmsMachine
{
    /// <summary>Runs a shell script in it, to its end.</summary>
    /// <param name="script">The script.</param>
    /// <param name="cancel">Interrupts it.</param>
    /// <param name="limit">How long it may take; null for as long as a build may.</param>
    /// <exception cref="StepFailedException">It has no end.</exception>
    Task<CommandResult> RunAsync(string script, CancellationToken cancel, TimeSpan? limit = null);

    /// <summary>Writes a file.</summary>
    Task PutAsync(string path, byte[] content, CancellationToken cancel);

    /// <summary>Brings modules of the kernel's own, with what they need, to where modprobe finds them.</summary>
    Task BringAsync(IReadOnlyList<string> modules, CancellationToken cancel);

    /// <summary>Waits until a card of this identity has a driver, or patience ends.</summary>
    Task AwaitDriverAsync(PciIdentity card, CancellationToken cancel);
}
