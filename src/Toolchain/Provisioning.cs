namespace Understudy.Toolchain;

/// <summary>One step of provisioning as its reader sees it: every report carries the step's name.</summary>
sealed class Provisioning(string step, IProgress<ProvisionProgress>? progress)
{
    public string Step => step;

    public void Says(string detail) => progress?.Report(new ProvisionProgress(step, detail));

    public void Downloads(string detail, long done, long total) => progress?.Report(new ProvisionProgress(step, detail, done, total));

    public void Warns(string warning) => progress?.Report(new ProvisionProgress(step, warning, IsWarning: true));

    public void Waits() => Says("waiting: another run is providing it");
}
