using Understudy.Build;
using Understudy.Pci;

namespace Understudy.Runner.Dkms;

/// <summary>A package's modules in a guest: as files, in the kernel, at their cards.</summary>
sealed class DkmsDriver(IDkmsMachine machine, IReadOnlyList<DkmsModule> modules, string kernel, IReadOnlyList<PciIdentity> cards)
{
    // A driver that hangs here hangs for good.
    static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    // Debian has DKMS put modules here, whatever dkms.conf says; others put them elsewhere, and always outside of what the kernel brought.
    string[] Places => IsDebian ? [$"/lib/modules/{kernel}/updates/dkms/"] : [$"/lib/modules/{kernel}/updates/", $"/lib/modules/{kernel}/extra/"];

    /// <summary>It is Debian, or one made from it.</summary>
    public bool IsDebian { get; init; } = true;

    readonly Dictionary<string, Facts> _last = [];
    readonly HashSet<string> _following = [];

    sealed record Facts(string Package, string Version, string Source);

    /// <summary>The files of these names among the kernel's modules.</summary>
    public async Task<IReadOnlyList<string>> FilesAsync(CancellationToken cancel)
    {
        var names = string.Join(" -o ", modules.Select(module => $"-name '{module.Installed}.ko*'"));
        return [.. Lines(await SayAsync($"find /lib/modules/{kernel}/ -type f \\( {names} \\) -exec sha256sum {{}} +", cancel).ConfigureAwait(false)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Each module must be there, once, in its place, for this kernel, and be another than the last time.</summary>
    /// <param name="version">The package's version.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>What is there, in words.</returns>
    public async Task<string> InstalledAsync(string version, CancellationToken cancel)
    {
        var files = (await FilesAsync(cancel).ConfigureAwait(false)).Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].Trim()).ToList();
        var words = new List<string>();
        foreach (var module in modules)
        {
            var own = files.Where(file => Path.GetFileName(file).StartsWith($"{module.Installed}.ko", StringComparison.Ordinal)).ToList();
            if (own is not [var file] || !Places.Any(place => file.StartsWith(place, StringComparison.Ordinal)))
                throw new StepFailedException($"{module.Installed}.ko must be in {string.Join(" or ", Places)}, and {(own.Count == 0 ? $"is nowhere in /lib/modules/{kernel}" : $"is {string.Join(" and ", own)}")}");
            words.Add(await FactsAsync(module, file, version, cancel).ConfigureAwait(false));
        }
        return string.Join(", ", words);
    }

    async Task<string> FactsAsync(DkmsModule module, string file, string version, CancellationToken cancel)
    {
        var found = await FieldAsync("filename", module.Installed, cancel).ConfigureAwait(false);
        if (found != file) throw new StepFailedException($"modinfo finds '{found}' for {module.Installed}, and not {file}: depmod's index is not of what is installed");
        var vermagic = await FieldAsync("vermagic", module.Installed, cancel).ConfigureAwait(false);
        if (vermagic.Split(' ')[0] != kernel) throw new StepFailedException($"{file} is built for kernel '{vermagic}', and this is {kernel}");
        var facts = new Facts(version, await FieldAsync("version", module.Installed, cancel).ConfigureAwait(false), await FieldAsync("srcversion", module.Installed, cancel).ConfigureAwait(false));
        // Where the module says the package's version once, it always must.
        if (facts.Version == version) _following.Add(module.Installed);
        if (_following.Contains(module.Installed) && facts.Version != version) throw new StepFailedException($"{file} says version '{facts.Version}', and the package is {version}: MODULE_VERSION does not follow it");
        if (_last.TryGetValue(module.Installed, out var last) && last.Package != version && last with { Package = version } == facts)
            throw new StepFailedException($"{file} is still the module of {last.Package} after {version} was installed");
        _last[module.Installed] = facts;
        return $"{Path.GetFileName(file)} {(facts.Version.Length > 0 ? facts.Version : facts.Source)}";
    }

    /// <summary>Loads the modules; they must be those that are installed, and the cards must have a driver of theirs.</summary>
    public async Task LoadAsync(StepNotes notes, CancellationToken cancel)
    {
        foreach (var module in modules)
        {
            await BringAsync(module, cancel).ConfigureAwait(false);
            var loading = await machine.RunAsync($"modprobe {module.Installed}", cancel, s_limit).ConfigureAwait(false);
            if (!loading.Succeeded) throw new StepFailedException($"{module.Installed} does not load: {Last(loading.Stderr)}", Lines((await machine.RunAsync("dmesg | tail -n 20", cancel).ConfigureAwait(false)).Stdout));
            await SameAsync(module, cancel).ConfigureAwait(false);
        }
        var bound = new List<string>();
        foreach (var card in cards) bound.Add(await BoundAsync(card, cancel).ConfigureAwait(false));
        notes.Detail = $"{string.Join(", ", modules.Select(module => module.Loaded))} loaded{(bound.Count > 0 ? $", {string.Join(", ", bound)}" : "")}";
    }

    /// <summary>Unloads them; they must be gone then.</summary>
    public async Task UnloadAsync(CancellationToken cancel)
    {
        foreach (var module in modules.Reverse())
        {
            var unloading = await machine.RunAsync($"modprobe -r {module.Installed}", cancel, s_limit).ConfigureAwait(false);
            if (!unloading.Succeeded) throw new StepFailedException($"{module.Installed} cannot be unloaded: {Last(unloading.Stderr)}");
        }
        if (await IsLoadedAsync(cancel).ConfigureAwait(false)) throw new StepFailedException("'modprobe -r' succeeds, and the module is still loaded");
    }

    /// <summary>One of them is in the kernel.</summary>
    public async Task<bool> IsLoadedAsync(CancellationToken cancel) =>
        (await machine.RunAsync(string.Join(" || ", modules.Select(module => $"test -d /sys/module/{module.Loaded}")), cancel).ConfigureAwait(false)).Succeeded;

    // What it needs of the kernel's own modules, a guest has only when it is brought there.
    async Task BringAsync(DkmsModule module, CancellationToken cancel)
    {
        var depends = (await FieldAsync("depends", module.Installed, cancel).ConfigureAwait(false)).Split(',', StringSplitOptions.RemoveEmptyEntries);
        var missing = depends.Where(name => modules.All(own => own.Loaded != name)).ToList();
        if (missing.Count > 0) await machine.BringAsync(missing, cancel).ConfigureAwait(false);
    }

    async Task SameAsync(DkmsModule module, CancellationToken cancel)
    {
        var loaded = (await SayAsync($"cat /sys/module/{module.Loaded}/srcversion 2>/dev/null || cat /sys/module/{module.Loaded}/version 2>/dev/null || test -d /sys/module/{module.Loaded}", cancel).ConfigureAwait(false)).Trim();
        if (loaded.Length == 0) return;
        string[] installed = [await FieldAsync("srcversion", module.Installed, cancel).ConfigureAwait(false), await FieldAsync("version", module.Installed, cancel).ConfigureAwait(false)];
        if (!installed.Contains(loaded)) throw new StepFailedException($"the {module.Loaded} that is loaded ({loaded}) is not the one that is installed ({string.Join(", ", installed.Where(word => word.Length > 0))})");
    }

    async Task<string> BoundAsync(PciIdentity card, CancellationToken cancel)
    {
        await machine.AwaitDriverAsync(card, cancel).ConfigureAwait(false);
        var said = (await SayAsync($$"""
            for d in /sys/bus/pci/devices/*; do
            	if [ "$(cat $d/vendor)$(cat $d/device)" = 0x{{card.Vendor:x4}}0x{{card.Device:x4}} ]; then
            		driver=$(readlink $d/driver) && module=$(readlink $d/driver/module)
            		echo "${d##*/} ${driver##*/} ${module##*/}"
            	fi
            done
            """, cancel).ConfigureAwait(false)).Trim();
        if (said.Split('\n')[0].Split(' ') is not [var address, var driver, var module] || driver.Length == 0)
            throw new StepFailedException($"the card {card.Vendor:x4}:{card.Device:x4} has no driver after {string.Join(", ", modules.Select(one => one.Installed))} was loaded", Lines((await machine.RunAsync("dmesg | tail -n 20", cancel).ConfigureAwait(false)).Stdout));
        if (modules.All(own => own.Loaded != module)) throw new StepFailedException($"the card {card.Vendor:x4}:{card.Device:x4} is driven by '{driver}' of the module '{module}', and not by the package's");
        return $"bound to {address}";
    }

    async Task<string> FieldAsync(string field, string module, CancellationToken cancel) => (await SayAsync($"modinfo -k {kernel} -F {field} {module}", cancel).ConfigureAwait(false)).Trim().Split('\n')[0];

    async Task<string> SayAsync(string script, CancellationToken cancel)
    {
        var result = await machine.RunAsync(script, cancel).ConfigureAwait(false);
        return result.Succeeded ? result.Stdout : throw new StepFailedException($"'{script}' fails: {Last(result.Stderr)}");
    }

    static string Last(string text) => Lines(text) is [.., var last] ? last : "it says nothing";

    static List<string> Lines(string text) => [.. text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
}
