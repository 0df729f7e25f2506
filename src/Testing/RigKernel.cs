using Understudy.Guest;

namespace Understudy.Testing;

/// <summary>The kernel of a rig, as a test uses it.</summary>
public sealed class RigKernel
{
    readonly GuestAgent _agent;
    readonly CancellationToken _stop;

    internal RigKernel(GuestAgent agent, CancellationToken stop)
    {
        (_agent, _stop) = (agent, stop);
        Log = new Dmesg(agent.KernelLog, stop);
    }

    /// <summary>What it says.</summary>
    public Dmesg Log { get; }

    /// <summary>What <c>uname -r</c> prints.</summary>
    public string Release => _agent.Identity.KernelRelease;

    /// <summary>Loads a module and before it what it depends on; returns when its init function has returned. It must be one of the
    /// attribute's <see cref="DriverTestAttribute.Modules"/>, which bring it into the guest, or in the guest by other means.</summary>
    /// <param name="module">Its name, or a path in the guest.</param>
    /// <param name="parameters">As insmod takes them: <c>debug=16</c>.</param>
    /// <exception cref="GuestException">It does not load.</exception>
    public Task LoadModule(string module, string parameters = "") => _agent.LoadModuleAsync(module, parameters, _stop);

    /// <summary>Unloads a module.</summary>
    /// <exception cref="GuestException">It is not loaded, or in use.</exception>
    public Task UnloadModule(string module) => _agent.UnloadModuleAsync(module, _stop);
}
