using System.Security.Cryptography;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>
/// An apt with its own state under the cache: no root, nothing of the system read but the user's proxies, nothing of it changed.
/// apt checks every index against Debian's keys; every package is checked against the index.
/// </summary>
sealed class PrivateApt(UnderstudyCache cache, HostLayout host)
{
    static readonly TimeSpan FreshFor = TimeSpan.FromHours(12);

    static readonly string[] Directories = ["lists/partial", "debs/partial"];

    const string FetchStatus = "fetch-status", PlanStatus = "plan-status", PlanPreferences = "plan-preferences";
    const long SpaceForLists = 300L << 20;
    const long SpareSpace = 128L << 20;

    readonly string _root = cache.PathOf("apt");
    readonly DebianKeyring _keyring = new(cache, host);

    string Debs => Path.Combine(_root, "debs");

    string StampPath => Path.Combine(_root, "lists.json");

    /// <summary>What is at hand, or null when the lists were never read.</summary>
    public AptStamp? Known => CacheJson.Read(StampPath, CacheJson.Default.AptStamp);

    /// <summary>The lists at hand are those of the mirror in use; the user may have named another one since.</summary>
    public bool IsOfMirrorInUse => Known is { } known && known.Mirror == FindMirror()?.Archive;

    /// <summary>The verified index files at hand.</summary>
    public IEnumerable<string> Indexes => Known?.Indexes.Values ?? [];

    /// <summary>Reads the package lists unless they are from the last hours and from the mirror in use.</summary>
    public async Task<AptStamp> EnsureListsAsync(Provisioning step, CancellationToken cancel) =>
        Fresh ?? await UpdateAsync(step, unlessFresh: true, cancel).ConfigureAwait(false);

    /// <summary>Reads the package lists now; what has to be left out is said as warnings and remembered.</summary>
    public Task<AptStamp> UpdateAsync(Provisioning step, CancellationToken cancel) => UpdateAsync(step, unlessFresh: false, cancel);

    AptStamp? Fresh => IsOfMirrorInUse && Known is { } known && DateTime.UtcNow - known.Read < FreshFor ? known : null;

    async Task<AptStamp> UpdateAsync(Provisioning step, bool unlessFresh, CancellationToken cancel)
    {
        using var held = await cache.LockAsync("apt", cancel, step.Waits).ConfigureAwait(false);
        if (unlessFresh && Fresh is { } fresh) return fresh;    // somebody has read them while we waited for the lock
        var mirror = FindMirror() ?? await _keyring.FetchTemplateAsync(cancel).ConfigureAwait(false) ?? throw DebianMirror.NotFound();
        cache.RequireSpace(SpaceForLists, "reading the package lists");
        step.Says($"reading Debian's package lists (mirror from {mirror.Origin})");
        var (words, indexes) = await RunUpdateAsync(mirror, step, cancel).ConfigureAwait(false);
        if (AptWords.IsUnreachable(AptWords.About(words, DebianSuites.Base)) && Known is { } known && known.Mirror == mirror.Archive)
        {
            step.Warns($"the Debian mirror {mirror.Archive} cannot be reached: its package lists of {known.Read:yyyy-MM-dd} are used");
            return known;
        }
        var missing = Missing(mirror, indexes).ToList();
        if (missing.FirstOrDefault(suite => suite.IsRequired) is { } required) throw AptWords.SuiteFailed(required.Name, mirror, words, cache.Root);
        var warnings = missing.Select(suite => AptWords.LeftOut(suite.Name, words)).Concat(AptWords.NotRefreshed(words, missing)).ToList();
        foreach (var warning in warnings) step.Warns(warning);
        var stamp = new AptStamp(mirror.Archive, DateTime.UtcNow, indexes, warnings);
        CacheJson.Write(cache, StampPath, stamp, CacheJson.Default.AptStamp);
        return stamp;
    }

    /// <summary>What installing these packages on an empty system takes, by apt's own solver.</summary>
    public async Task<IReadOnlyList<DebianPackage>> PlanAsync(
        IReadOnlyList<string> packages, string? targetRelease, Provisioning step, CancellationToken cancel)
    {
        using var held = await cache.LockAsync("apt", cancel, step.Waits).ConfigureAwait(false);
        string[] target = targetRelease is null ? [] : ["-t", targetRelease];
        return await PlanLockedAsync(["install", "-y", .. target, .. packages], step, cancel).ConfigureAwait(false);
    }

    /// <summary>What installing these packages takes when suites of one distribution come before all others. A dependency that only another
    /// release could fulfil, because the distribution has the package in a version of its own, is not fulfilled.</summary>
    /// <exception cref="ToolchainException">They cannot be installed together (<see cref="ToolchainProblem.Unsatisfiable"/>).</exception>
    public async Task<IReadOnlyList<DebianPackage>> PlanAsync(AptRequest request, Provisioning step, CancellationToken cancel)
    {
        using var held = await cache.LockAsync("apt", cancel, step.Waits).ConfigureAwait(false);
        Write(PlanStatus, AptStatus.Pretending(request.Pretended));
        Write(PlanPreferences, AptConfiguration.Preferences(request.Suites));
        // Less quiet than otherwise: what does not go together would not be said.
        string[] options = ["-o", "quiet=1", "-o", $"Dir::State::status={Path.Combine(_root, PlanStatus)}", "-o", $"Dir::Etc::preferences={Path.Combine(_root, PlanPreferences)}"];
        return await PlanLockedAsync(["install", "-y", .. options, .. request.Packages], step, cancel).ConfigureAwait(false);
    }

    /// <summary>Does what needs packages; once more with the lists read anew where the mirror has them no longer.</summary>
    public async Task<T> WithListsAsync<T>(Func<Task<T>> make, Provisioning step, CancellationToken cancel)
    {
        await EnsureListsAsync(step, cancel).ConfigureAwait(false);
        try
        {
            return await make().ConfigureAwait(false);
        }
        catch (ToolchainException gone) when (gone.Problem == ToolchainProblem.UnknownName)
        {
            step.Says("the mirror has moved on: reading its lists anew");
            await UpdateAsync(step, cancel).ConfigureAwait(false);
            return await make().ConfigureAwait(false);
        }
    }

    /// <summary>These packages as apt would choose their versions, without what they depend on.</summary>
    public async Task<IReadOnlyList<DebianPackage>> PlanAloneAsync(IReadOnlyList<string> packages, Provisioning step, CancellationToken cancel)
    {
        using var held = await cache.LockAsync("apt", cancel, step.Waits).ConfigureAwait(false);
        return await PlanLockedAsync(["download", .. packages], step, cancel).ConfigureAwait(false);
    }

    /// <summary>Downloads packages, resuming what an earlier run left, and passes the verified files to <paramref name="use"/>.</summary>
    public async Task FetchAsync(
        IReadOnlyList<DebianPackage> packages, Provisioning step, Func<IReadOnlyList<string>, Task> use, CancellationToken cancel)
    {
        using var held = await cache.LockAsync("apt", cancel, step.Waits).ConfigureAwait(false);
        var files = await FetchLockedAsync(packages, step, cancel).ConfigureAwait(false);
        await use(files).ConfigureAwait(false);
        foreach (var file in files) File.Delete(file);
    }

    DebianMirror? FindMirror() => host.FindMirror() ?? _keyring.MirrorFromKeptTemplate();

    static IEnumerable<DebianSuite> Missing(DebianMirror mirror, IReadOnlyDictionary<string, string> indexes) =>
        DebianSuites.All.Where(suite => !indexes.ContainsKey(suite.Name) && (!suite.IsSecurity || mirror.Security is not null));

    async Task<(string Words, IReadOnlyDictionary<string, string> Indexes)> RunUpdateAsync(
        DebianMirror mirror, Provisioning step, CancellationToken cancel)
    {
        WriteConfiguration(mirror, await _keyring.FindAsync(step, cancel).ConfigureAwait(false));
        var result = await RunAptAsync(["update", "-o", "Acquire::Retries=1"], step, 0, cancel).ConfigureAwait(false);
        if (ToolchainException.IsDiskFull(result.Error)) throw ToolchainException.DiskFull(cache.Root, "reading the package lists");

        // Only what exists, is verified and belongs to these sources is listed.
        var targets = await RunAptAsync(["indextargets", "--format", "$(RELEASE) $(FILENAME)"], step, 0, cancel).ConfigureAwait(false);
        var indexes = targets.Output.Split('\n').Select(line => line.Split(' ', 2)).Where(words => words.Length == 2)
            .GroupBy(words => words[0]).ToDictionary(same => same.Key, same => same.First()[1]);
        return (result.Error, indexes);
    }

    void WriteConfiguration(DebianMirror mirror, string keyring)
    {
        foreach (var directory in Directories) Directory.CreateDirectory(Path.Combine(_root, directory));
        Write("status", "");
        Write("preferences", AptConfiguration.Preferences());
        Write("understudy.sources", AptConfiguration.Sources(mirror, keyring));
    }

    void Write(string file, string text) => cache.WriteWhole(Path.Combine(_root, file), Encoding.UTF8.GetBytes(text));

    async Task<IReadOnlyList<DebianPackage>> PlanLockedAsync(IReadOnlyList<string> request, Provisioning step, CancellationToken cancel)
    {
        // Of what a killed run has downloaded, apt would not say that it is needed.
        Directory.CreateDirectory(Path.Combine(_root, "none/partial"));
        var result = await RunAptAsync([.. request, "--print-uris", "-o", $"Dir::Cache::archives={Path.Combine(_root, "none")}"], step, 0, cancel).ConfigureAwait(false);
        var files = AptWords.FileNames(result.Output).ToHashSet();
        if (AptWords.Unmet(result.Output) is { Length: > 0 } unmet)
            throw new ToolchainException(ToolchainProblem.Unsatisfiable, $"Debian's packages do not go together: {unmet}");
        if (result.ExitCode != 0 || files.Count == 0)
            throw new ToolchainException(ToolchainProblem.ProgramFailed,
                $"apt cannot work out 'apt-get {string.Join(' ', request)}': {AptWords.Brief(result.Error)} " +
                "The package lists may be out of date: run 'understudy setup'.");
        var names = files.Select(file => file.Split('_')[0]).ToHashSet();
        return [.. PackagesIndex.Read(Indexes, names.Contains).Where(package => files.Contains(package.FileName)).DistinctBy(package => package.FileName)];
    }

    async Task<IReadOnlyList<string>> FetchLockedAsync(IReadOnlyList<DebianPackage> packages, Provisioning step, CancellationToken cancel)
    {
        foreach (var package in packages) DiscardCorrupt(package);
        var total = packages.Sum(package => package.Size);
        cache.RequireSpace(total + packages.Sum(package => package.InstalledSize) + SpareSpace, step.Step);
        step.Downloads($"downloading {packages.Count} packages", 0, total);
        Write(FetchStatus, AptStatus.Satisfying(packages));
        string[] request = ["install", "--download-only", "-y", "-o", $"Dir::State::status={Path.Combine(_root, FetchStatus)}"];
        var result = await RunAptAsync([.. request, .. packages.Select(package => package.Spec)], step, total, cancel).ConfigureAwait(false);
        if (result.ExitCode != 0) throw AptWords.DownloadFailed(packages, result.Error, cache.Root);
        foreach (var package in packages) RequireIntact(package);
        step.Downloads($"downloaded {packages.Count} packages", total, total);
        return [.. packages.Select(package => Path.Combine(Debs, package.FileName))];
    }

    // apt resumes a shorter file and checks it, but takes one of the right size on trust.
    void DiscardCorrupt(DebianPackage package)
    {
        var file = new FileInfo(Path.Combine(Debs, package.FileName));
        if (file.Exists && file.Length >= package.Size && !HasHash(file.FullName, package)) file.Delete();
    }

    void RequireIntact(DebianPackage package)
    {
        var path = Path.Combine(Debs, package.FileName);
        if (File.Exists(path) && HasHash(path, package)) return;
        File.Delete(path);
        throw new ToolchainException(ToolchainProblem.Unverified,
            $"The download of {package.Spec} does not have the SHA-256 its signed package list gives ({package.Sha256}); it was thrown away. " +
            "A proxy or the mirror may be at fault: try again, or set " + DebianMirror.Variable + " to another mirror.");
    }

    static bool HasHash(string path, DebianPackage package)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file)) == package.Sha256;
    }

    // flock(1) hands its lock down to apt, so an apt that outlives a killed run still keeps the next one out until it is done.
    Task<HostResult> RunAptAsync(IReadOnlyList<string> arguments, Provisioning step, long totalBytes, CancellationToken cancel)
    {
        Write("apt.conf", AptConfiguration.Config(_root, host.EtcApt, Environment.GetEnvironmentVariable("APT_CONFIG")));
        var output = new List<string>();
        var command = new HostCommand("flock", [Path.Combine(_root, "running"), "apt-get", "-q=2", "-o", "APT::Status-Fd=1", .. arguments])
        {
            WorkingDirectory = Debs,
            Environment = new Dictionary<string, string> { ["APT_CONFIG"] = Path.Combine(_root, "apt.conf"), ["LC_ALL"] = "C", ["DEBIAN_FRONTEND"] = "noninteractive" },
            OnLine = line =>
            {
                if (AptWords.Percent(line) is not { } percent) output.Add(line);
                else if (totalBytes > 0) step.Downloads("downloading", (long)(totalBytes * percent / 100), totalBytes);
            },
        };
        return Collect();

        async Task<HostResult> Collect()
        {
            var result = await HostProcess.RunAsync(command, cancel).ConfigureAwait(false);
            return result with { Output = string.Join('\n', output) };
        }
    }
}
