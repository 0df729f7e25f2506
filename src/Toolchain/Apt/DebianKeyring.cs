namespace Understudy.Toolchain;

/// <summary>
/// Debian's public keys: the machine's own, or fetched by the user's own apt and so signed by the user's own distribution.
/// Also the one other thing that may have to be had that way: the distribution's description of Debian, which names a mirror.
/// </summary>
sealed class DebianKeyring(UnderstudyCache cache, HostLayout host)
{
    static readonly string[] Names = ["debian-archive-keyring.pgp", "debian-archive-keyring.gpg"];

    const string Package = "debian-archive-keyring";
    const string TemplatePackage = "python-apt-common";

    string Kept => cache.PathOf("keyring", "debian-archive-keyring.gpg");
    string KeptTemplate => cache.PathOf("keyring", "Debian.info");

    /// <summary>The keyring at hand without fetching anything, or null. One in the cache comes first: it is put there when the machine's is too old.</summary>
    public string? AtHand => File.Exists(Kept) ? Kept : Names.Select(name => host.At("usr/share/keyrings/" + name)).FirstOrDefault(File.Exists);

    public async Task<string> FindAsync(Provisioning step, CancellationToken cancel)
    {
        if (AtHand is { } path) return path;
        step.Says("fetching Debian's keyring with this machine's own apt");
        return await FromHostPackageAsync(Package, Adopt, cancel).ConfigureAwait(false) ? Kept : throw new ToolchainException(
            ToolchainProblem.Unverified,
            "Debian's archive keys are not on this machine, and its apt does not have them either, so nothing from Debian can be verified. " +
            "Install them: sudo apt-get update && sudo apt-get install debian-archive-keyring");
    }

    public DebianMirror? MirrorFromKeptTemplate() =>
        File.Exists(KeptTemplate) ? DebianMirror.FromTemplate(File.ReadAllText(KeptTemplate), TemplatePackage) : null;

    public async Task<DebianMirror?> FetchTemplateAsync(CancellationToken cancel) =>
        await FromHostPackageAsync(TemplatePackage, unpacked => Keep(Path.Combine(unpacked, DebianMirror.TemplatePath[1..]), KeptTemplate), cancel)
            .ConfigureAwait(false)
            ? MirrorFromKeptTemplate()
            : null;

    void Adopt(string unpacked) =>
        Keep(Names.Select(name => Path.Combine(unpacked, "usr/share/keyrings", name)).First(File.Exists), Kept);

    void Keep(string file, string place) => cache.WriteWhole(place, File.ReadAllBytes(file));

    static async Task<bool> FromHostPackageAsync(string package, Action<string> take, CancellationToken cancel)
    {
        var directory = Directory.CreateTempSubdirectory("understudy-").FullName;
        try
        {
            var download = new HostCommand("apt-get", ["-q=2", "download", package]) { WorkingDirectory = directory };
            var result = await HostProcess.RunAsync(download, cancel).ConfigureAwait(false);
            if (result.ExitCode != 0 || Directory.GetFiles(directory, "*.deb") is not [var deb, ..]) return false;
            await UnpackAsync(deb, take, cancel).ConfigureAwait(false);
            return true;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    static async Task UnpackAsync(string deb, Action<string> take, CancellationToken cancel)
    {
        var directory = Directory.CreateTempSubdirectory("understudy-").FullName;
        try
        {
            await Prefix.UnpackAsync(deb, directory, cancel).ConfigureAwait(false);
            take(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
