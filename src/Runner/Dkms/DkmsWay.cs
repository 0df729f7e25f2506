namespace Understudy.Runner.Dkms;

/// <summary>How users get a package installed.</summary>
public enum DkmsWay
{
    /// <summary>The tarball, by <c>dkms ldtarball</c>, <c>build</c>, <c>install</c>, <c>remove</c>.</summary>
    Tarball,

    /// <summary>The Debian package, by <c>dpkg -i</c>, <c>-r</c>, <c>-P</c>.</summary>
    Deb,
}
