namespace Understudy.Build;

/// <summary>A module of a DKMS package.</summary>
/// <param name="Built">BUILT_MODULE_NAME: what the build makes, without .ko.</param>
/// <param name="Installed">DEST_MODULE_NAME: what it is called among the kernel's modules.</param>
public sealed record DkmsModule(string Built, string Installed)
{
    /// <summary>What the kernel calls it once it is loaded.</summary>
    public string Loaded => Installed.Replace('-', '_');
}
