using System.Runtime.InteropServices;

namespace Understudy.Linux;

/// <summary>A program we started in a session of its own, with exactly the descriptors it was given and no other
/// (<c>posix_spawn(3)</c>): what the runtime's own way to start programs cannot do.</summary>
public sealed unsafe class ChildProcess
{
    const int SigKill = 9;
    const short SetSession = 0x80;

    readonly Lock _lock = new();
    int? _status;

    ChildProcess(int id) => Id = id;

    /// <summary>Process ID.</summary>
    public int Id { get; }

    /// <summary>Starts a program. Whoever starts it must call <see cref="Wait"/>, best from the same thread: a program may ask the kernel to
    /// end it with the thread that started it.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments, without the program's own name.</param>
    /// <param name="descriptors">What it has as descriptors 0, 1, 2 and so on.</param>
    /// <exception cref="LinuxException">It cannot be started.</exception>
    public static ChildProcess Start(string path, IReadOnlyList<string> arguments, IReadOnlyList<FileDescriptor> descriptors)
    {
        // glibc's two structures are smaller than this.
        var actions = stackalloc byte[512];
        var attributes = stackalloc byte[512];
        Check(Libc.posix_spawn_file_actions_init(actions), path);
        Check(Libc.posix_spawnattr_init(attributes), path);
        var words = Words([path, .. arguments]);
        var environment = Words([.. Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}")]);
        try
        {
            Check(Libc.posix_spawnattr_setflags(attributes, SetSession), path);
            // First out of the way of the numbers they are going to have.
            for (var i = 0; i < descriptors.Count; i++) Check(Libc.posix_spawn_file_actions_adddup2(actions, descriptors[i].Number, Aside + i), path);
            for (var i = 0; i < descriptors.Count; i++) Check(Libc.posix_spawn_file_actions_adddup2(actions, Aside + i, i), path);
            Check(Libc.posix_spawn_file_actions_addclosefrom_np(actions, descriptors.Count), path);
            int id;
            fixed (nint* argv = words)
            fixed (nint* envp = environment) Check(Libc.posix_spawn(&id, path, actions, attributes, argv, envp), path);
            return new ChildProcess(id);
        }
        finally
        {
            foreach (var word in words) Marshal.FreeCoTaskMem(word);
            foreach (var word in environment) Marshal.FreeCoTaskMem(word);
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            _ = Libc.posix_spawnattr_destroy(attributes);
        }
    }

    // Above all that this process has open.
    const int Aside = 4000;

    /// <summary>Waits until it ends.</summary>
    /// <returns>Its exit status, or the negative of the signal that killed it.</returns>
    /// <exception cref="LinuxException">It is no child of ours any more.</exception>
    public int Wait()
    {
        int status;
        nint result;
        do result = Libc.waitid(Id); while (Libc.Interrupted(result));
        lock (_lock)
        {
            // Under the lock: from here on the number may be another process's.
            do result = Libc.waitpid(Id, &status, 0); while (Libc.Interrupted(result));
            Libc.Check(result, "waitpid");
            var signal = status & 0x7F;
            _status = signal != 0 ? -signal : status >> 8 & 0xFF;
            return _status.Value;
        }
    }

    /// <summary>Kills it, and with it all that it started and that stayed in its session's first group. Does nothing when it has ended.</summary>
    public void Kill()
    {
        lock (_lock)
            if (_status is null) _ = Libc.kill(-Id, SigKill);
    }

    static nint[] Words(IReadOnlyList<string> words) => [.. words.Select(Marshal.StringToCoTaskMemUTF8), 0];

    static void Check(int error, string path)
    {
        if (error != 0) throw new LinuxException("posix_spawn", error, path);
    }
}
