namespace Understudy.Runner.Dkms;

/// <summary>A step of what a package goes through.</summary>
sealed record DkmsStep(string Name, Func<StepNotes, CancellationToken, Task> Body);
