using Understudy.Runner.Suites;

namespace Understudy.Runner.Tests;

public sealed class SharedFolderTests : IDisposable
{
    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task More_than_is_kept_is_told()
    {
        using var shared = new SharedFolder(_folder["shared"], limit: 1 << 20);
        _folder.With("shared/deep/file", new string('x', 1 << 20));
        Assert.Equal("the guest wrote more than 1 MiB into the shared folder", await shared.Overflow.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void What_QEMU_keeps_beside_the_guests_files_goes_and_so_does_an_empty_folder()
    {
        foreach (var name in (string[])["used", "empty"])
        {
            using var shared = new SharedFolder(_folder[name]);
            _folder.With($"{name}/.virtfs_metadata/file", "virtfs.mode=33188");
            if (name == "used") _folder.With("used/deep/file", "x").With("used/deep/.virtfs_metadata/file", "x");
        }
        Assert.Equal([_folder["used/deep/file"]], Directory.EnumerateFiles(_folder["used"], "*", SearchOption.AllDirectories));
        Assert.False(Directory.Exists(_folder["empty"]));
    }
}
