namespace Understudy.Verdict;

/// <summary>What a driver has met of a device.</summary>
/// <param name="Name">Its name in the run, such as <c>nic</c>; in a merge its model.</param>
/// <param name="Model">Its name in the device catalog.</param>
/// <param name="Registers">All of its registers.</param>
/// <param name="Interrupts">All of its interrupts.</param>
/// <param name="Capabilities">All of its capabilities.</param>
public sealed record CoveredDevice(string Name, string Model, IReadOnlyList<CoveredRegister> Registers, IReadOnlyList<CoveredInterrupt> Interrupts, IReadOnlyList<CoveredCapability> Capabilities)
{
    /// <summary>In a few words: how much of what there is.</summary>
    public string Summary => string.Join(", ",
        Share(Registers.Count(register => register.IsMet), Registers.Count, "registers"),
        Share(Registers.Sum(register => register.Fields.Sum(part => part.Met.Count)), Registers.Sum(register => register.Fields.Sum(part => part.Values.Count)), "field values"),
        Share(Interrupts.Count(interrupt => interrupt.Count > 0), Interrupts.Count, "interrupts"),
        Share(Capabilities.Count(capability => capability.Read || capability.Written), Capabilities.Count, "capabilities"));

    internal IEnumerable<string> Lines()
    {
        yield return Name == Model ? $"{Model}: {Summary}" : $"{Name} ({Model}): {Summary}";
        var width = Registers.Where(register => register.IsMet).Select(register => register.Name.Length).DefaultIfEmpty(0).Max();
        foreach (var register in Registers.Where(register => register.IsMet))
            yield return FormattableString.Invariant($"  {register.Name.PadRight(width)} {register.Reads,8} reads {register.Writes,8} writes   {register.NotMet}").TrimEnd();
        foreach (var interrupt in Interrupts) yield return FormattableString.Invariant($"  {interrupt.Name.PadRight(width)} {interrupt.Count,8} sent");
        foreach (var capability in Capabilities) yield return $"  {capability.Name.PadRight(width)} {capability.Word}";
        var never = Registers.Where(register => !register.IsMet).Select(register => register.Name).ToList();
        if (never.Count > 0) yield return $"  never met: {string.Join(", ", never)}";
    }

    internal static CoveredDevice Merge(IEnumerable<CoveredDevice> same)
    {
        var all = same.ToList();
        var model = all[0].Model;
        return new CoveredDevice(all.Select(device => device.Name).Distinct().Count() == 1 ? all[0].Name : model, model,
            [.. all.SelectMany(device => device.Registers).GroupBy(register => register.Name).Select(CoveredRegister.Merge)],
            [.. all.SelectMany(device => device.Interrupts).GroupBy(interrupt => interrupt.Name).Select(group => new CoveredInterrupt(group.Key, group.Sum(interrupt => interrupt.Count)))],
            [.. all.SelectMany(device => device.Capabilities).GroupBy(capability => capability.Name).Select(group => new CoveredCapability(group.Key, group.Any(c => c.Read), group.Any(c => c.Written)))]);
    }

    static string Share(int met, int all, string what) => FormattableString.Invariant($"{met} of {all} {what}");
}
