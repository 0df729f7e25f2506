namespace Understudy.Devices;

/// <summary>A descriptor as it came through a portal.</summary>
/// <param name="Descriptor">The descriptor.</param>
/// <param name="ThroughIms">It came through a page whose interrupt handles are entries of the interrupt message storage.</param>
readonly record struct DsaWork(DsaDescriptor Descriptor, bool ThroughIms);
