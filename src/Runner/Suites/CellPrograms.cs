using System.Text;
using Understudy.Build;
using Understudy.Guest;

namespace Understudy.Runner.Suites;

/// <summary>The programs a test brings along: built on the host, on the PATH of its scripts in the guest.</summary>
sealed class CellPrograms(IReadOnlyList<string> planned, Lab lab)
{
    /// <summary>Where a guest has them, in front of its own PATH.</summary>
    public const string Directory = "/run/understudy/bin";

    const UnixFileMode Executable = (UnixFileMode)0b111_101_101;
    const string Loader = "ld-linux-x86-64.so.2";
    readonly List<GuestProgram> _built = [];

    /// <exception cref="TestErrorException">One does not compile.</exception>
    public async Task BuildAsync(StepNotes notes, CancellationToken cancel)
    {
        var builder = new ProgramBuilder(lab.Toolbox);
        try
        {
            foreach (var path in planned) _built.AddRange(await builder.BuildAsync(path, cancel).ConfigureAwait(false));
        }
        catch (BuildFailedException failed)
        {
            throw new TestErrorException(failed.Message);
        }
        notes.Detail = $"{(notes.Detail is { Length: > 0 } others ? $"{others}; " : "")}{string.Join(", ", _built.Select(program => program.Name))}";
    }

    public async Task PushAsync(GuestAgent guest, CancellationToken cancel)
    {
        foreach (var program in _built)
        {
            if (program.Libraries.Count == 0)
            {
                await PushAsync(guest, program.Executable, $"{Directory}/{program.Name}", cancel).ConfigureAwait(false);
                continue;
            }
            var home = $"/run/understudy/programs/{program.Name}";
            await PushAsync(guest, program.Executable, $"{home}/{program.Name}", cancel).ConfigureAwait(false);
            foreach (var library in program.Libraries) await PushAsync(guest, library, $"{home}/lib/{Path.GetFileName(library)}", cancel).ConfigureAwait(false);
            using var script = new MemoryStream(Encoding.UTF8.GetBytes(Wrapper(program.Name, home)));
            await guest.PushAsync($"{Directory}/{program.Name}", script, Executable, cancel).ConfigureAwait(false);
        }
    }

    // A guest with a C library of its own has a loader that fits it, and not ours; ours has neither.
    static string Wrapper(string name, string home) =>
        $"""
        #!/bin/sh
        if [ ! -e /lib64/{Loader} ]; then
        	mkdir -p /lib64 && ln -s {home}/lib/{Loader} /lib64/{Loader}
        fi
        [ "$(readlink /lib64/{Loader})" = {home}/lib/{Loader} ] && export LD_LIBRARY_PATH={home}/lib
        exec {home}/{name} "$@"

        """;

    static async Task PushAsync(GuestAgent guest, string file, string to, CancellationToken cancel)
    {
        await using var content = File.OpenRead(file);
        await guest.PushAsync(to, content, Executable, cancel).ConfigureAwait(false);
    }
}
