using Understudy.Linux;

namespace Understudy.Transports.VfioUser;

/// <summary>The files behind the machine's memory, each mapped once as a whole however many ranges show a part of it: a vIOMMU maps tens of
/// thousands of single pages of the same file, more than the kernel allows a process mappings.</summary>
sealed class SharedFiles(bool acceptUnsealed)
{
    const int MostFiles = 256;
    readonly Dictionary<(FileFacts Facts, bool Writable), SharedFile> _files = [];

    /// <summary>The mapping of a file, which the caller must <see cref="Release"/>.</summary>
    /// <param name="descriptor">The file; may be closed after.</param>
    /// <param name="offset">First byte that will be used.</param>
    /// <param name="size">How many from there.</param>
    /// <param name="writable">Whether it will be written.</param>
    /// <param name="refusal">Why not, when the result is null.</param>
    public SharedFile? Acquire(FileDescriptor descriptor, ulong offset, ulong size, bool writable, out string refusal)
    {
        var facts = descriptor.Facts();
        refusal = "";
        if (!facts.IsRegular) refusal = "the descriptor is not a file";
        else if (offset > facts.Length || size > facts.Length - offset)
            refusal = $"0x{size:x} bytes at 0x{offset:x} reach beyond the end of the file, which has 0x{facts.Length:x}";
        else if (!acceptUnsealed && !descriptor.IsSealedAgainstShrinking)
            refusal = "the file is not sealed against shrinking (F_SEAL_SHRINK): use memory-backend-memfd,share=on, or accept unsealed memory";
        if (refusal != "") return null;
        var file = Find(facts, writable) ?? Open(descriptor, facts, writable, out refusal);
        if (file is not null) file.Users++;
        return file;
    }

    public void Release(SharedFile file)
    {
        if (--file.Users > 0) return;
        _files.Remove((file.Facts, file.Mapping.IsWritable));
        file.Mapping.Dispose();
    }

    SharedFile? Find(FileFacts facts, bool writable) =>
        _files.TryGetValue((facts, true), out var file) || (!writable && _files.TryGetValue((facts, false), out file)) ? file : null;

    SharedFile? Open(FileDescriptor descriptor, FileFacts facts, bool writable, out string refusal)
    {
        refusal = _files.Count < MostFiles ? "" : $"more than {MostFiles} files";
        if (refusal != "") return null;
        try
        {
            var file = new SharedFile(facts, Map(descriptor, facts.Length, writable));
            _files.Add((facts, file.Mapping.IsWritable), file);
            return file;
        }
        catch (LinuxException exception)
        {
            refusal = exception.Message;
            return null;
        }
    }

    static SharedMapping Map(FileDescriptor descriptor, ulong length, bool writable)
    {
        try
        {
            return SharedMapping.Map(descriptor, 0, length, writable: true);
        }
        catch (LinuxException exception) when (!writable && exception.Errno is (Errno.EACCES or Errno.EPERM))
        {
            return SharedMapping.Map(descriptor, 0, length, writable: false);
        }
    }
}

/// <summary>One mapped file and how many ranges use it.</summary>
sealed class SharedFile(FileFacts facts, SharedMapping mapping)
{
    public FileFacts Facts => facts;

    public SharedMapping Mapping => mapping;

    public int Users { get; set; }
}
