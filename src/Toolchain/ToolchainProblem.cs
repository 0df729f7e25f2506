namespace Understudy.Toolchain;

/// <summary>What kind of thing is wrong with the lab. None of these says anything about the driver under test.</summary>
public enum ToolchainProblem
{
    /// <summary>A mirror does not answer, and what was asked for is not in the cache.</summary>
    Offline,

    /// <summary>No Debian mirror is known on this machine.</summary>
    NoMirror,

    /// <summary>Signatures or hashes do not hold, or no key is there to check them with.</summary>
    Unverified,

    /// <summary>A program of the host that is needed (apt-get, dpkg-deb, flock) is missing.</summary>
    MissingHostTool,

    /// <summary>No space left where the cache lives.</summary>
    DiskFull,

    /// <summary>A name the catalog does not have.</summary>
    UnknownName,

    /// <summary>A kernel module that is neither a file of the kernel nor built into it.</summary>
    ModuleNotFound,

    /// <summary>A file that is not what it should be: no bzImage, no ELF, a truncated module.</summary>
    BadFile,

    /// <summary>Packages that cannot be installed together.</summary>
    Unsatisfiable,

    /// <summary>A program that was run failed; the message holds its own words.</summary>
    ProgramFailed,
}
