namespace Understudy.Toolchain;

/// <summary>A kernel a suite holds: the packages to fetch for it, its image package first.</summary>
sealed record CatalogKernel(string Release, string Series, bool IsCandidate, string PackageVersion, IReadOnlyList<DebianPackage> Packages)
{
    public string Name => KernelName.Scheme + Series;

    // Versions of Debian's kernels are ordered by package version, which starts with the upstream one.
    public static readonly IComparer<CatalogKernel> Order =
        Comparer<CatalogKernel>.Create((x, y) => DebianVersion.Order.Compare(x.PackageVersion, y.PackageVersion));
}

/// <summary>The catalog as it was last read, with what had to be left out of it.</summary>
sealed record CatalogStamp(DateTime Read, IReadOnlyList<string> Warnings, IReadOnlyList<CatalogKernel> Kernels)
{
    public static readonly CatalogStamp Empty = new(DateTime.MinValue, [], []);

    /// <summary>Finds every kernel in the package indexes, with the packages it is split into from 6.19 on.</summary>
    public static CatalogStamp Of(IEnumerable<DebianPackage> packages, IReadOnlyList<string> warnings, DateTime now)
    {
        var all = packages.ToLookup(package => package.Name);
        var kernels =
            from package in all.SelectMany(same => same)
            let name = KernelName.OfPackage(package.Name)
            where name is not null
            let parts = Parts(package, name.Release, all)
            where parts is not null
            select new CatalogKernel(name.Release, name.Series, name.IsCandidate, package.Version, parts);
        return new CatalogStamp(now, warnings, [.. kernels.DistinctBy(kernel => (kernel.Release, kernel.PackageVersion)).OrderDescending(CatalogKernel.Order)]);
    }

    public static bool IsPartOfKernel(string package) =>
        KernelName.OfPackage(package) is not null || PartPrefixes.Any(prefix => package.StartsWith(prefix, StringComparison.Ordinal));

    const string BasePrefix = "linux-base-";
    static readonly string[] PartPrefixes = ["linux-binary-", "linux-modules-", BasePrefix];

    // Null when image or modules are not in any suite: such a kernel cannot be had whole. What its base package has it boots without.
    static List<DebianPackage>? Parts(DebianPackage image, string release, ILookup<string, DebianPackage> all)
    {
        List<DebianPackage> parts = [image];
        foreach (var part in PartPrefixes.Select(prefix => prefix + release).Where(part => DependsOn(image, part)))
        {
            if (all[part].FirstOrDefault(package => package.Version == image.Version) is { } found) parts.Add(found);
            else if (!part.StartsWith(BasePrefix, StringComparison.Ordinal)) return null;
        }
        return parts;
    }

    static bool DependsOn(DebianPackage package, string name) => package.Depends.Split(',', '|').Any(depend => depend.Trim().Split(' ')[0] == name);
}
