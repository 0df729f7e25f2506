using System.Text;

namespace Understudy.Guest;

/// <summary>
/// Writes a cpio archive in the "newc" format, the one the kernel unpacks as its initramfs
/// (Documentation/driver-api/early-userspace/buffer-format.rst). Everything belongs to root, has no time stamp and is
/// numbered in the order it was added, so equal input gives equal bytes. Directories that a path needs are added by themselves.
/// Not for use by several threads.
/// </summary>
/// <param name="output">Where the archive goes; only written, never sought. It stays open.</param>
public sealed class CpioArchive(Stream output) : IDisposable
{
    const uint Directory = 0x4000, RegularFile = 0x8000, SymbolicLink = 0xA000, CharacterDevice = 0x2000;
    const UnixFileMode DirectoryMode = (UnixFileMode)0b111_101_101;
    const UnixFileMode LinkMode = (UnixFileMode)0b111_111_111;

    readonly HashSet<string> _names = [];
    uint _inode;
    long _written;
    bool _finished;

    /// <summary>Adds a directory, unless it is there already.</summary>
    public void AddDirectory(string path, UnixFileMode mode = DirectoryMode)
    {
        var name = NameOf(path);
        if (_names.Contains(name)) return;
        AddEntry(name, Directory | (uint)mode, links: 2, size: 0);
    }

    /// <summary>Adds a file with the given content.</summary>
    public void AddFile(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        AddEntry(NameOf(path), RegularFile | (uint)mode, links: 1, content.Length);
        Write(content);
        Align();
    }

    /// <summary>Adds a file with what remains of a stream that knows its length.</summary>
    /// <exception cref="InvalidDataException">The stream is 4 GiB or longer, or ended before the length it gave.</exception>
    public void AddFile(string path, Stream content, UnixFileMode mode)
    {
        var size = content.Length - content.Position;
        AddEntry(NameOf(path), RegularFile | (uint)mode, links: 1, size);
        var before = content.Position;
        content.CopyTo(output);
        if (content.Position - before != size)
            throw new InvalidDataException($"{path}: {size} bytes were announced and {content.Position - before} came");
        _written += size;
        Align();
    }

    /// <summary>Adds a symbolic link.</summary>
    /// <param name="path">Where the link lies.</param>
    /// <param name="target">What it says; it need not exist.</param>
    public void AddSymlink(string path, string target)
    {
        var content = Encoding.UTF8.GetBytes(target);
        AddEntry(NameOf(path), SymbolicLink | (uint)LinkMode, links: 1, content.Length);
        Write(content);
        Align();
    }

    /// <summary>Adds a character device node. Its numbers are in Documentation/admin-guide/devices.txt.</summary>
    public void AddCharacterDevice(string path, UnixFileMode mode, uint major, uint minor) =>
        AddEntry(NameOf(path), CharacterDevice | (uint)mode, links: 1, size: 0, major, minor);

    /// <summary>Writes the trailer, without which the kernel complains of a broken archive. Later additions are refused.</summary>
    public void Finish()
    {
        if (_finished) return;
        WriteHeader("TRAILER!!!", inode: 0, mode: 0, links: 1, size: 0, major: 0, minor: 0);
        _finished = true;
        output.Flush();
    }

    /// <summary>Finishes the archive.</summary>
    public void Dispose() => Finish();

    void AddEntry(string name, uint mode, uint links, long size, uint major = 0, uint minor = 0)
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        if (size > uint.MaxValue) throw new InvalidDataException($"{name}: a cpio entry holds less than 4 GiB, this has {size} bytes");
        var slash = name.LastIndexOf('/');
        if (slash > 0) AddDirectory(name[..slash]);
        if (!_names.Add(name)) throw new ArgumentException($"/{name} is in the archive already", nameof(name));
        WriteHeader(name, ++_inode, mode, links, (uint)size, major, minor);
    }

    void WriteHeader(string name, uint inode, uint mode, uint links, uint size, uint major, uint minor)
    {
        var nameSize = Encoding.UTF8.GetByteCount(name) + 1;
        // magic ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
        var header = $"070701{inode:X8}{mode:X8}{0:X8}{0:X8}{links:X8}{0:X8}{size:X8}{0:X8}{0:X8}{major:X8}{minor:X8}{nameSize:X8}{0:X8}{name}\0";
        Write(Encoding.UTF8.GetBytes(header));
        Align();
    }

    void Write(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _written += bytes.Length;
    }

    void Align()
    {
        ReadOnlySpan<byte> padding = [0, 0, 0];
        Write(padding[..(int)(-_written & 3)]);
    }

    static string NameOf(string path)
    {
        var name = path.Trim('/');
        if (name.Length == 0 || name.Contains('\0') || name.Split('/').Any(part => part is "" or "." or ".."))
            throw new ArgumentException($"'{path}' is no path inside the guest; it must be like /etc/hosts", nameof(path));
        return name;
    }
}
