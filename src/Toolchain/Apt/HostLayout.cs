namespace Understudy.Toolchain;

/// <summary>Where this machine keeps what is only read: replaced as a whole by tests.</summary>
sealed record HostLayout(string FileSystem)
{
    public static readonly HostLayout Machine = new("/");

    public string EtcApt => At("etc/apt");

    public string At(string path) => Path.Combine(FileSystem, path);

    public DebianMirror? FindMirror() => DebianMirror.Find(FileSystem);
}
