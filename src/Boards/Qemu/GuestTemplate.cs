namespace Understudy.Boards;

/// <summary>A guest that booted, was saved, and can be continued any number of times.</summary>
/// <param name="Spec">What it was booted for.</param>
/// <param name="Slots">How many slots its machine has.</param>
/// <param name="Entry">Its name in the cache.</param>
/// <param name="Path">The file it is in.</param>
/// <param name="Stamp">What tells it from one made anew under the same name.</param>
sealed record GuestTemplate(BootSpec Spec, int Slots, string Entry, string Path, string Stamp);
