using System.Globalization;
using Understudy.Build;
using Understudy.Guest;

namespace Understudy.Runner.Suites;

/// <summary>The modules of one test on one kernel: the kernel's own, and those that are built for it first.</summary>
sealed class CellModules(IReadOnlyList<PlannedModule> planned, Lab lab)
{
    const string Directory = "/run/understudy/modules";

    readonly Dictionary<PlannedModule, IReadOnlyList<BuiltModule>> _built = [];
    readonly HashSet<string> _pushed = [];

    /// <summary>Some are not the kernel's own.</summary>
    public bool HasSources => planned.Any(module => module.IsPath);

    /// <summary>What the guest must have of the kernel's own modules; after <see cref="BuildAsync"/>, also what the others need.</summary>
    public IReadOnlyList<string> OfKernel => [.. planned.Where(module => !module.IsPath).Select(module => module.Name).Concat(_built.Values.SelectMany(modules => Needs(modules))).Distinct()];

    /// <summary>Those of these that the kernel has as modules.</summary>
    public async Task<IReadOnlyList<string>> AtHandAsync(IReadOnlyList<string> names, CancellationToken cancel)
    {
        if (names.Count == 0 || lab.Kernel.ModulesDirectory is null) return [];
        var tree = await lab.Toolbox.ModulesAsync(lab.Kernel, cancel).ConfigureAwait(false);
        return [.. names.Where(name => tree.Has(name) && !tree.IsBuiltIn(name))];
    }

    /// <summary>Which of the kernel's own modules a guest may have loaded before it is saved, with nothing lost to the test: what its modules
    /// need. None that the test names, for their loading is the test's; none that drives PCI devices or stands on one of these, for it would
    /// meet its device before the test begins. After <see cref="BuildAsync"/>.</summary>
    public async Task<IReadOnlyList<string>> AheadAsync(CancellationToken cancel)
    {
        if (OfKernel.Count == 0 || lab.Kernel.ModulesDirectory is null) return [];
        var tree = await lab.Toolbox.ModulesAsync(lab.Kernel, cancel).ConfigureAwait(false);
        var named = planned.Where(module => !module.IsPath).Select(module => module.Name)
            .Concat(_built.Values.SelectMany(modules => modules).Select(module => module.Facts.Name)).Select(Plain).ToHashSet();
        return [.. OfKernel.SelectMany(name => tree.Before(name).Append(Plain(name))).Distinct().Where(module => tree.Before(module).Append(module).All(MayBeLoaded))];

        bool MayBeLoaded(string module) => !named.Contains(module) && !tree.IsBuiltIn(module) && !tree.Drives(module, "pci");
    }

    static string Plain(string name) => name.Replace('-', '_');

    /// <exception cref="StepSkippedException">The kernel has no such module.</exception>
    public async Task CheckAsync(CancellationToken cancel)
    {
        foreach (var module in planned.Where(module => !module.IsPath))
            if (lab.Kernel.ModulesDirectory is null || !(await lab.Toolbox.ModulesAsync(lab.Kernel, cancel).ConfigureAwait(false)).Has(module.Name))
                throw new StepSkippedException($"{lab.Kernel.Name} ({lab.Kernel.Release}) has no {module.Name}, neither as a module nor built in");
    }

    /// <summary>The kernel has, or may have, a driver of the test inside: what it complains of while it boots may be that driver's.</summary>
    /// <param name="hasDevices">The test has devices, so that a driver for them may be in a kernel without modules.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<bool> MayBeBuiltInAsync(bool hasDevices, CancellationToken cancel)
    {
        if (lab.Kernel.ModulesDirectory is null) return hasDevices && !HasSources;
        var tree = await lab.Toolbox.ModulesAsync(lab.Kernel, cancel).ConfigureAwait(false);
        return planned.Any(module => !module.IsPath && tree.IsBuiltIn(module.Name));
    }

    /// <summary>Builds what is named by its sources, and checks what is named by a <c>.ko</c>.</summary>
    /// <exception cref="TestErrorException">It does not compile, or is for another kernel.</exception>
    public async Task BuildAsync(StepNotes notes, CancellationToken cancel)
    {
        var warnings = 0;
        var builder = new ModuleBuilder(lab.Toolbox);
        foreach (var module in planned.Where(module => module.IsPath))
        {
            try
            {
                var built = File.Exists(module.Name) ? Prebuilt(module.Name) : await builder.BuildAsync(module.Name, lab.Kernel, cancel: cancel).ConfigureAwait(false);
                if (built.Modules.Count > 1 && module.ForNone(built.Modules) is { } parameter)
                    throw new TestErrorException($"{module.Name} builds {string.Join(", ", built.Modules.Select(one => one.Facts.Name))}: which of them is '{parameter}' for? One of them, and no other, must have that parameter.");
                _built[module] = built.Modules;
                warnings += built.Warnings.Count;
                foreach (var warning in built.WasKnown ? [] : built.Warnings) notes.Show(warning.ToString());
            }
            catch (BuildFailedException failed)
            {
                throw new TestErrorException(failed.Message, [.. failed.Messages.Where(message => message.IsError).Select(message => message.ToString()), .. failed.Log is { } log ? new[] { $"log: {log}" } : []]);
            }
        }
        notes.Detail = string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", _built.Values.SelectMany(modules => modules).Select(module => module.Facts.Name))} for {lab.Kernel.Release}{(warnings > 0 ? $", {warnings} warnings" : "")}");
    }

    BuiltModules Prebuilt(string path)
    {
        var facts = ModuleFacts.Read(path);
        facts.RequireFor(lab.Kernel, path);
        return new BuiltModules([new BuiltModule(path, facts)], [], "", WasKnown: true);
    }

    /// <summary>Loads all, in the order of the plan, each after what it needs.</summary>
    public async Task LoadAsync(GuestAgent guest, StepNotes notes, CancellationToken cancel)
    {
        foreach (var module in planned)
        {
            if (!module.IsPath) await LoadOwnAsync(guest, module.Name, module.Parameters, cancel).ConfigureAwait(false);
            else await LoadBuiltAsync(guest, module, cancel).ConfigureAwait(false);
        }
        notes.Detail = string.Join(", ", planned.Select(module => $"{Path.GetFileName(module.Name)} {module.Parameters}".TrimEnd()));
    }

    /// <summary>Unloads all that are loaded, the last first.</summary>
    /// <exception cref="StepFailedException">One does not go.</exception>
    public async Task UnloadAsync(GuestAgent guest, StepNotes notes, CancellationToken cancel)
    {
        var names = planned.SelectMany(module => module.IsPath ? _built[module].Select(one => one.Facts.Name) : [module.Name]).Reverse().ToList();
        foreach (var name in names)
        {
            var result = await guest.ExecuteAsync(["sh", "-c", $"grep -q '^{name.Replace('-', '_')} ' /proc/modules || exit 0; rmmod {name}"], cancellation: cancel).ConfigureAwait(false);
            if (!result.Succeeded) throw new StepFailedException($"{name} does not unload: {(result.Stderr + result.Stdout).Trim()}");
        }
        notes.Detail = string.Join(", ", names);
    }

    /// <summary>The files of those that are not the kernel's own, once they are built.</summary>
    public IEnumerable<string> Files => _built.Values.SelectMany(modules => modules).Select(module => module.Path);

    /// <summary>Those whose lines the kernel counts.</summary>
    public async Task<IReadOnlyList<CountedSources>> CountedAsync(CancellationToken cancel)
    {
        var counted = _built.SelectMany(one => one.Value.Select(module => CountedSources.Of(module, one.Key.Name))).ToList();
        var files = DebugFiles.Of(lab.Kernel);
        if (files.Notes is null || lab.Kernel.ModulesDirectory is null) return [];
        var tree = await lab.Toolbox.ModulesAsync(lab.Kernel, cancel).ConfigureAwait(false);
        foreach (var name in planned.Where(module => !module.IsPath).Select(module => Plain(module.Name)).Where(name => !tree.IsBuiltIn(name)))
            foreach (var module in (await tree.LoadOrderAsync([name], cancel).ConfigureAwait(false)).Where(module => Plain(module.Name) == name))
                counted.Add(CountedSources.OfKernel(files, Path.GetDirectoryName(Path.GetRelativePath(Path.Combine(lab.Kernel.ModulesDirectory, "kernel"), module.Path))!));
        return [.. counted.OfType<CountedSources>().Distinct()];
    }

    /// <summary>Their names, for a sentence.</summary>
    public string Names => string.Join(", ", planned.Select(module => Path.GetFileNameWithoutExtension(module.Name)));

    /// <summary>Unloads all, in the opposite order; what they needed stays.</summary>
    /// <exception cref="StepSkippedException">One is built into the kernel.</exception>
    /// <exception cref="GuestException">One does not go.</exception>
    public async Task UnloadAsync(GuestAgent guest, CancellationToken cancel)
    {
        foreach (var module in planned.Reverse())
        {
            if (!module.IsPath && (await lab.Toolbox.ModulesAsync(lab.Kernel, cancel).ConfigureAwait(false)).IsBuiltIn(module.Name))
                throw new StepSkippedException($"{module.Name} is built into {lab.Kernel.Name}, and cannot be unloaded");
            string[] names = module.IsPath ? [.. _built[module].Select(one => one.Facts.Name).Reverse()] : [module.Name];
            foreach (var name in names) await guest.UnloadModuleAsync(name, cancel).ConfigureAwait(false);
        }
    }

    async Task LoadBuiltAsync(GuestAgent guest, PlannedModule module, CancellationToken cancel)
    {
        foreach (var need in Needs(_built[module])) await LoadOwnAsync(guest, need, "", cancel).ConfigureAwait(false);
        foreach (var one in _built[module])
        {
            var path = $"{Directory}/{one.Facts.Name}.ko";
            if (_pushed.Add(path))
            {
                await using var content = File.OpenRead(one.LeanPath);
                await guest.PushAsync(path, content, File.GetUnixFileMode(one.LeanPath), cancel).ConfigureAwait(false);
            }
            await guest.LoadModuleAsync(path, _built[module].Count > 1 ? module.ParametersOf(one) : module.Parameters, cancel).ConfigureAwait(false);
        }
    }

    async Task LoadOwnAsync(GuestAgent guest, string name, string parameters, CancellationToken cancel)
    {
        var tree = await lab.Toolbox.ModulesAsync(lab.Kernel, cancel).ConfigureAwait(false);
        if (!tree.IsBuiltIn(name)) await guest.LoadModuleAsync(name, parameters, cancel).ConfigureAwait(false);
    }

    // What another planned module brings, the kernel need not have.
    IEnumerable<string> Needs(IReadOnlyList<BuiltModule> modules) =>
        modules.SelectMany(module => module.Facts.Depends).Distinct().Where(need => !_built.Values.Any(others => others.Any(other => other.Facts.Name == need)));
}
