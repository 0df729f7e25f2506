using System.Diagnostics;
using Understudy.Toolchain;

namespace Understudy.Build.Tests;

public sealed class SourceTreesTests : IDisposable
{
    readonly SourceFolder _folder = new SourceFolder().With("linux/Kconfig", "mainmenu\n").With("linux/arch/x86/Kconfig", "").With("linux/init/main.c", "one\ntwo\nthree\n");

    public void Dispose() => _folder.Dispose();

    Task<SourceTree> OpenAsync(string source, string? reference = null, params string[] patches) =>
        new SourceTrees(new Toolbox(UnderstudyCache.Open(_folder["cache"]))).OpenAsync(new KernelRecipe(source) { Ref = reference, Patches = patches }, _ => { }, TestContext.Current.CancellationToken);

    string Run(string program, params string[] arguments)
    {
        Assert.SkipUnless(HostTool.Has(program), $"this host has no {program}");
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder["linux"], RedirectStandardOutput = true };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Trim();
    }

    void Commit(string message) => Run("git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false", "commit", "--quiet", "-a", "-m", message);

    [Fact]
    public async Task A_directory_is_known_by_its_contents_and_not_by_its_times()
    {
        var before = (await OpenAsync(_folder["linux"])).Id;
        File.SetLastWriteTimeUtc(_folder["linux/init/main.c"], DateTime.UtcNow.AddHours(1));
        Assert.Equal(before, (await OpenAsync(_folder["linux"])).Id);
        _folder.With("linux/init/main.c", "another");
        Assert.NotEqual(before, (await OpenAsync(_folder["linux"])).Id);
    }

    [Fact]
    public async Task A_commit_is_unpacked_and_the_working_tree_is_not_looked_at()
    {
        Run("git", "init", "--quiet");
        Run("git", "add", ".");
        Commit("first");
        var commit = Run("git", "rev-parse", "HEAD");
        _folder.With("linux/init/main.c", "not committed");
        var tree = await OpenAsync(_folder["linux"], "HEAD");
        Assert.Equal((commit, "one\ntwo\nthree\n"), (tree.Id, File.ReadAllText(Path.Combine(tree.Directory, "init/main.c"))));
        Assert.Contains("no commit, branch or tag 'v9'", (await Assert.ThrowsAsync<ToolchainException>(() => OpenAsync(_folder["linux"], "v9"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tarball_is_unpacked_down_to_the_tree_in_it()
    {
        Run("tar", "-czf", _folder["linux.tar.gz"], "-C", _folder.Path, "linux");
        Assert.True(File.Exists(Path.Combine((await OpenAsync(_folder["linux.tar.gz"])).Directory, "init/main.c")));
    }

    [Fact]
    public async Task Patches_are_applied_to_a_copy_and_one_that_does_not_fit_is_named()
    {
        Run("patch", "--version");
        _folder.With("fits.patch", "--- a/init/main.c\n+++ b/init/main.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
        var patched = await OpenAsync(_folder["linux"], null, _folder["fits.patch"]);
        Assert.Equal(("one\n2\nthree\n", "one\ntwo\nthree\n"), (File.ReadAllText(Path.Combine(patched.Directory, "init/main.c")), File.ReadAllText(_folder["linux/init/main.c"])));
        _folder.With("fails.patch", "--- a/init/main.c\n+++ b/init/main.c\n@@ -1,3 +1,3 @@\n uno\n-dos\n+2\n tres\n");
        Assert.Contains("fails.patch does not fit", (await Assert.ThrowsAsync<BuildFailedException>(() => OpenAsync(_folder["linux"], null, _folder["fits.patch"], _folder["fails.patch"]))).Message, StringComparison.Ordinal);
    }
}
