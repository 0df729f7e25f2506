namespace Understudy.Testing;

/// <summary>The guest did not come up; leaves a test's method, whose run knows why.</summary>
sealed class NoRigException() : Exception("The rig did not come up; the run's verdict says why.");
