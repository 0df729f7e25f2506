namespace Understudy.Runner.Suites;

/// <summary>Reads <c>info/</c>, where Igalia's suites and tests keep one value a file: <c>description</c>, <c>disk-image</c>,
/// <c>kernel</c>, <c>qemu</c>, <c>qemu-args</c>, <c>timeout</c>, <c>expect-failure</c>.</summary>
static class InfoDirectory
{
    public const string Name = "info";

    /// <summary>Reads a suite's or a test's values over what is already set. What cannot be honoured makes its tests skips, with why.</summary>
    public static TestSettings Read(string directory, TestSettings settings, List<SuiteProblem> problems)
    {
        var info = Path.Combine(directory, Name);
        if (Value(info, "description") is { } description) settings = settings with { Description = description };
        if (Value(info, "disk-image") is not null) settings = settings with { CannotRun = "info/disk-image: booting from a disk image is not possible here; guests boot from memory" };
        if (Value(info, "qemu") is { } qemu) settings = settings with { CannotRun = $"info/qemu: a QEMU of the suite's own ('{qemu}') is not used here" };
        if (Value(info, "kernel") is { } kernel) settings = settings with { KernelImage = Path.GetFullPath(kernel, directory) };
        if (Value(info, "qemu-args") is { } arguments)
            settings = settings with { QemuArguments = [.. settings.QemuArguments, .. arguments.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)] };
        if (Value(info, "expect-failure") is { } failure)
            settings = settings with { ExpectedFailure = failure is "0" or "false" or "no" ? null : failure is "" or "1" or "true" or "yes" ? "expected to fail" : failure };
        if (Value(info, "timeout") is { } timeout)
        {
            if (SettingValue.ParseDuration(timeout) is { } limit) settings = settings with { Timeout = limit };
            else problems.Add(new SuiteProblem(Path.Combine(info, "timeout"), 1, "timeout", $"expected seconds, or a time such as 30s or 2m, not '{timeout}'"));
        }
        return settings;
    }

    static string? Value(string info, string name)
    {
        var file = Path.Combine(info, name);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }
}
