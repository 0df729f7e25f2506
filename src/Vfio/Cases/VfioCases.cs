namespace Understudy.Vfio.Cases;

/// <summary>All cases, in every mode that is asked for.</summary>
public static class VfioCases
{
    /// <summary>The cases for some modes, ordered by mode.</summary>
    public static IReadOnlyList<VfioCase> For(IReadOnlyList<IommuMode> modes)
        => [.. modes.SelectMany(mode => (mode == IommuMode.Iommufd ? IommufdCases.All : []).Concat(DeviceCases.All).Concat(FeatureCases.All).Concat(MappingCases.All.Select(one => (one.Name, Run: WithIommu(one.Run)))).Concat(DriverCases.All).Concat(GuestInterruptCases.All).Concat(SriovCases.All)
            .Select(one => new VfioCase($"{one.Name}.{IommuModes.Name(mode)}", mode, one.Run)))];

    static Action<CaseRig> WithIommu(Action<CaseRig> run) => rig =>
    {
        rig.RequireIommu();
        run(rig);
    };

    /// <summary>Runs cases, each on a rig of its own, and writes the results as KTAP version 1.</summary>
    /// <param name="cases">Which.</param>
    /// <param name="open">Opens the device.</param>
    /// <param name="ktap">Where the results go, each as soon as it is known.</param>
    /// <param name="cancel">Stops after the case that runs.</param>
    /// <returns>How many failed.</returns>
    public static int Run(IReadOnlyList<VfioCase> cases, Func<Iommu, VfioDevice> open, TextWriter ktap, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(cases);
        ArgumentNullException.ThrowIfNull(ktap);
        ktap.WriteLine("KTAP version 1");
        ktap.WriteLine($"1..{cases.Count}");
        var failed = 0;
        for (var i = 0; i < cases.Count && !cancel.IsCancellationRequested; i++)
        {
            var problem = Try(cases[i], open, out var skipped, out var note);
            if (note is not null) ktap.WriteLine($"# {cases[i].Name}: {note}");
            if (problem is not null && !skipped)
            {
                failed++;
                ktap.WriteLine($"# {cases[i].Name}: {problem}");
            }
            ktap.WriteLine($"{(problem is null || skipped ? "ok" : "not ok")} {i + 1} {cases[i].Name}{(skipped ? $" # SKIP {problem}" : "")}");
            ktap.Flush();
        }
        return failed;
    }

    static string? Try(VfioCase one, Func<Iommu, VfioDevice> open, out bool skipped, out string? note)
    {
        (skipped, note) = (false, null);
        try
        {
            using var rig = new CaseRig(one.Mode, open);
            one.Run(rig);
            note = rig.Note;
            return null;
        }
        catch (CaseSkippedException reason)
        {
            skipped = true;
            return reason.Message;
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            return failed.Message.ReplaceLineEndings(" ");
        }
    }
}
