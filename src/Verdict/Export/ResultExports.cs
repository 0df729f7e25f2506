namespace Understudy.Verdict.Export;

/// <summary>Every format there is.</summary>
public static class ResultExports
{
    /// <summary>The built-in ones.</summary>
    public static IReadOnlyList<IResultExport> All { get; } = [new JUnitExport(), new KtapExport(), new TuxRunExport(), new KcidbExport()];

    /// <summary>The one of this name; null when there is none.</summary>
    public static IResultExport? Find(string format) => All.FirstOrDefault(e => e.Format == format);
}
