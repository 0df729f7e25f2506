using Understudy.Toolchain;

namespace Understudy.Build.Tests;

/// <summary>Against a stand-in for podman that runs what it is told on this host, and notes what it was told.</summary>
public sealed class PodmanTests : IDisposable
{
    readonly SourceFolder _folder = new SourceFolder()
        .With("work/Makefile", "all:\n\t@echo made in $(CURDIR) for $(NAME) in $$LC_ALL\nslow:\n\t@echo begun; sleep 60\n");

    readonly string? _path = Environment.GetEnvironmentVariable("PATH");

    public PodmanTests()
    {
        _folder.With("bin/podman", $"""
            #!/bin/sh
            echo "$*" >> {_folder["told"]}
            case $1 in
            image) [ "$5" != nowhere/builder ] && echo sha256:1234 ;;
            pull) echo "Error: no such image" >&2; exit 125 ;;
            run)
            	shift
            	while :; do
            		case $1 in
            		--env) export "$2"; shift 2 ;;
            		--workdir) cd "$2"; shift 2 ;;
            		--name | --volume) shift 2 ;;
            		--rm) shift ;;
            		*) break ;;
            		esac
            	done
            	shift
            	exec "$@"
            	;;
            esac
            """);
        File.SetUnixFileMode(_folder["bin/podman"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Environment.SetEnvironmentVariable("PATH", $"{_folder["bin"]}:{_path}");
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PATH", _path);
        _folder.Dispose();
    }

    string[] Told => File.ReadAllLines(_folder["told"]);

    static Task<Podman> OpenAsync(string image) => Podman.OpenAsync(image, _ => { }, TestContext.Current.CancellationToken);

    async Task<MakeRun> MakeAsync(params string[] arguments) => new(_folder["work"], arguments, [])
    {
        Log = _folder["build.log"], Environment = new Dictionary<string, string> { ["NAME"] = "nic" }, Container = (await OpenAsync("localhost/builder"), ["/usr/src/linux"]),
    };

    [Fact]
    public async Task Make_runs_in_a_container_that_has_its_directory_and_only_reads_the_sources()
    {
        Assert.SkipUnless(HostTool.Has("make"), "this host has no make");
        var (code, lines) = await (await MakeAsync("--no-print-directory")).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, $"made in {_folder["work"]} for nic in C"), (code, Assert.Single(lines)));
        Assert.Contains($"--volume {_folder["work"]}:{_folder["work"]} --volume /usr/src/linux:/usr/src/linux:ro", Told[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_that_is_given_up_ends_its_container()
    {
        Assert.SkipUnless(HostTool.Has("make"), "this host has no make");
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var make = await MakeAsync("slow") with { OnLine = line => { if (line == "begun") cancel.Cancel(); } };
        await Assert.ThrowsAsync<OperationCanceledException>(() => make.RunAsync(cancel.Token));
        var name = Assert.Single(Told, told => told.StartsWith("run ", StringComparison.Ordinal)).Split(' ').SkipWhile(word => word != "--name").ElementAt(1);
        Assert.Equal($"kill {name}", Told[^1]);
    }

    [Fact]
    public async Task The_compiler_is_the_images_and_one_it_lacks_is_named()
    {
        var podman = await OpenAsync("localhost/builder");
        Assert.Equal("sha256:1234", podman.Id);
        Assert.Contains("GNU Make", await podman.VersionAsync("make", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var lacking = await Assert.ThrowsAsync<ToolchainException>(() => podman.VersionAsync("gcc-99", TestContext.Current.CancellationToken));
        Assert.Contains("localhost/builder has no gcc-99", lacking.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_is_nowhere_is_refused_in_podmans_words()
    {
        var nowhere = await Assert.ThrowsAsync<ToolchainException>(() => OpenAsync("nowhere/builder"));
        Assert.Contains("fetching the image nowhere/builder: Error: no such image", nowhere.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tools_of_an_image_are_told_from_the_hosts_by_the_images_id()
    {
        Assert.SkipUnless(HostTool.Has("gcc"), "this host has no gcc");
        var toolbox = new Toolbox(UnderstudyCache.Open(_folder["cache"]));
        var recipe = new KernelRecipe("debian:7.2") { Image = "localhost/builder" };
        var tools = await BuildTools.OpenAsync(toolbox, recipe, Architecture.Named("x86_64"), _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(("podman", "podman sha256:1234", "CC=gcc"), (tools.Runtime, tools.Identity, Assert.Single(tools.Variables)));
    }
}
