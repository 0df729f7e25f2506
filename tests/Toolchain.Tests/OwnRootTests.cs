using static Understudy.Toolchain.Tests.ImageBuilder;

namespace Understudy.Toolchain.Tests;

public sealed class OwnRootTests : IDisposable
{
    readonly Scratch _scratch = new();

    static readonly byte[] s_layer = Tar(File("etc/os-release", "ID=test"), File("bin/sh", "a shell"));

    public void Dispose() => _scratch.Dispose();

    ImageBuilder Builder => new(_scratch);

    static async Task<string> ToldAsync(Func<Task> wrong, ToolchainProblem problem)
    {
        var told = await Assert.ThrowsAsync<ToolchainException>(wrong);
        Assert.Equal(problem, told.Problem);
        return told.Message;
    }

    [Fact]
    public async Task Layers_in_a_layout_are_unpacked_in_their_order()
    {
        var builder = Builder.Layer(s_layer, Gzip).Layer(Tar(File("etc/.wh.os-release", ""), File("usr/lib/os-release", "ID=upper")));
        builder.Image("docker.io/library/test:1");
        var files = await builder.UnpackAsync($"oci:{builder.Directory}");
        Assert.Null(files.Find("etc/os-release"));
        Assert.NotNull(files.Find("usr/lib/os-release"));
        Assert.NotNull(files.Find("bin/sh"));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("docker.io/library/test:1")]
    public async Task A_tag_chooses_among_images(string tag)
    {
        var builder = Builder.Layer(s_layer);
        var first = builder.Image();
        var second = new ImageBuilder(_scratch).Layer(Tar(File("second", "2"))).Image();
        builder.Index(Descriptor(first, "docker.io/library/test:2", null), Descriptor(second, "docker.io/library/test:1", null));
        Assert.NotNull((await builder.UnpackAsync($"oci:{builder.Directory}:{tag}")).Find("second"));
        Assert.Contains("has 2 images: name one", await ToldAsync(() => builder.UnpackAsync($"oci:{builder.Directory}"), ToolchainProblem.BadFile), StringComparison.Ordinal);
        var told = await ToldAsync(() => builder.UnpackAsync($"oci:{builder.Directory}:3"), ToolchainProblem.UnknownName);
        Assert.Contains("has no image '3'. The tags in it are docker.io/library/test:2, docker.io/library/test:1", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_of_many_machines_gives_the_one_for_this()
    {
        var builder = Builder.Layer(s_layer);
        var ours = builder.Image();
        var foreign = new ImageBuilder(_scratch) { Architecture = "arm64" }.Layer(s_layer).Image();
        var index = builder.Blob(Json(new { manifests = new object[] { Descriptor(foreign, "", "arm64"), Descriptor(ours, "", "amd64") } }));
        builder.Index(Descriptor(index, "1", null));
        Assert.NotNull((await builder.UnpackAsync($"oci:{builder.Directory}:1")).Find("bin/sh"));
        builder.Index(Descriptor(foreign, "1", "arm64"));
        Assert.Contains("is an image for linux/arm64, and a guest here is linux/amd64", await ToldAsync(() => builder.UnpackAsync($"oci:{builder.Directory}"), ToolchainProblem.BadFile), StringComparison.Ordinal);
        builder.Index(Descriptor(foreign, "1", null));
        Assert.Contains("is an image for linux/arm64", await ToldAsync(() => builder.UnpackAsync($"oci:{builder.Directory}"), ToolchainProblem.BadFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blob_whose_digest_is_wrong_is_told()
    {
        var builder = Builder.Layer(s_layer, Gzip);
        builder.Image();
        var layer = Digest(Gzip(s_layer));
        var bytes = await System.IO.File.ReadAllBytesAsync(builder.PathOf(layer), TestContext.Current.CancellationToken);
        bytes[^20] ^= 1;
        await System.IO.File.WriteAllBytesAsync(builder.PathOf(layer), bytes, TestContext.Current.CancellationToken);
        var told = await ToldAsync(() => builder.UnpackAsync($"oci:{builder.Directory}"), ToolchainProblem.Unverified);
        Assert.Contains($"should have the digest {layer} and has sha256:", told, StringComparison.Ordinal);
        System.IO.File.Delete(builder.PathOf(layer));
        Assert.Contains("lacks blobs/sha256/", await ToldAsync(() => builder.UnpackAsync($"oci:{builder.Directory}"), ToolchainProblem.BadFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_compressed_in_a_layer_must_be_what_the_configuration_says()
    {
        var builder = Builder.Layer(s_layer, _ => Gzip(Tar(File("other", "x"))));
        builder.Image();
        Assert.Contains("what is in blobs/sha256/", await ToldAsync(() => builder.UnpackAsync($"oci:{builder.Directory}"), ToolchainProblem.Unverified), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_of_another_digest_is_told()
    {
        var builder = Builder.Layer(s_layer);
        var manifest = builder.Image();
        await System.IO.File.AppendAllTextAsync(builder.PathOf(manifest), " ", TestContext.Current.CancellationToken);
        Assert.Contains("is damaged", await ToldAsync(() => builder.UnpackAsync($"oci:{builder.Directory}"), ToolchainProblem.Unverified), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"manifests\": 3}")]
    [InlineData("{\"manifests\": [{\"digest\": \"sha256:../../../etc/passwd\"}]}")]
    [InlineData("{\"manifests\": [{}]}")]
    [InlineData("[1, 2]")]
    [InlineData("{")]
    public async Task An_index_of_anything_else_is_told(string index)
    {
        _scratch.Write("image/index.json", index);
        await ToldAsync(() => Builder.UnpackAsync($"oci:{_scratch.At("image")}"), ToolchainProblem.BadFile);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Archives_are_read_as_directories_are(bool compressed)
    {
        var builder = Builder.Layer(s_layer, Gzip);
        builder.Image("1");
        await PackAsync(compressed);
        Assert.NotNull((await builder.UnpackAsync($"oci:{_scratch.At("image.tar")}:1")).Find("bin/sh"));
    }

    [Fact]
    public async Task An_archive_that_is_cut_off_is_told()
    {
        Builder.Layer(s_layer).Image("1");
        await PackAsync(compressed: false);
        await using (var file = System.IO.File.OpenWrite(_scratch.At("image.tar"))) file.SetLength(3000);
        Assert.Contains("cut off", await ToldAsync(() => Builder.UnpackAsync($"oci:{_scratch.At("image.tar")}"), ToolchainProblem.BadFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_docker_saves_is_read()
    {
        var config = Json(new { architecture = "amd64", os = "linux", rootfs = new { diff_ids = new[] { Digest(s_layer) } } });
        var name = Digest(config)["sha256:".Length..];
        var manifest = Json(new[] { new { Config = $"{name}.json", RepoTags = new[] { "test:1" }, Layers = new[] { "abc/layer.tar" } } });
        await System.IO.File.WriteAllBytesAsync(_scratch.At("saved.tar"), Tar(Entry("manifest.json", manifest), Entry($"{name}.json", config), Entry("def/layer.tar", s_layer), Link("abc/layer.tar", "../def/layer.tar")), TestContext.Current.CancellationToken);
        Assert.NotNull((await Builder.UnpackAsync($"oci:{_scratch.At("saved.tar")}:1")).Find("bin/sh"));
        Assert.Contains("The tags in it are test:1", await ToldAsync(() => Builder.UnpackAsync($"oci:{_scratch.At("saved.tar")}:2"), ToolchainProblem.UnknownName), StringComparison.Ordinal);

        static System.Formats.Tar.TarEntry Entry(string name, byte[] content) => new System.Formats.Tar.PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) };
    }

    [Fact]
    public async Task Layers_that_zstd_compressed_are_read()
    {
        if (!System.IO.File.Exists("/usr/bin/zstd")) Assert.Skip("zstd is not on this machine");
        await System.IO.File.WriteAllBytesAsync(_scratch.At("layer.tar"), s_layer, TestContext.Current.CancellationToken);
        await HostProcess.RequireAsync(new HostCommand("zstd", ["-q", _scratch.At("layer.tar")]), "compressing", TestContext.Current.CancellationToken);
        var builder = Builder.Layer(s_layer, _ => System.IO.File.ReadAllBytes(_scratch.At("layer.tar.zst")));
        builder.Image();
        Assert.NotNull((await builder.UnpackAsync($"oci:{builder.Directory}")).Find("bin/sh"));
    }

    [Fact]
    public async Task A_layer_that_becomes_more_than_any_disk_is_told()
    {
        var builder = new ImageBuilder(_scratch) { Decompressor = new Decompressor(_ => Task.FromResult(new HostCommand("zstd", [])), most: 1 << 20) };
        builder.Layer(Tar(File("zeroes", new string('\0', 4 << 20))), Gzip);
        builder.Image();
        Assert.Contains("more than 1 MiB", await ToldAsync(() => builder.UnpackAsync($"oci:{builder.Directory}"), ToolchainProblem.BadFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_is_known_by_all_it_holds()
    {
        _scratch.Write("root/etc/os-release", "ID=test");
        async Task<string> IdAsync()
        {
            using var source = await Builder.OpenAsync((OwnRoot)UserSpace.Named(_scratch.At("root")));
            return source.Id;
        }
        var first = await IdAsync();
        Assert.Equal(first, await IdAsync());
        var path = _scratch.At("root/etc/os-release");
        var time = System.IO.File.GetLastWriteTimeUtc(path);
        await System.IO.File.WriteAllTextAsync(path, "ID=tesd", TestContext.Current.CancellationToken);
        System.IO.File.SetLastWriteTimeUtc(path, time);
        Assert.NotEqual(first, await IdAsync());
        System.IO.Directory.CreateDirectory(_scratch.At("root/.wh.etc"));
        Assert.NotNull((await Builder.UnpackAsync($"dir:{_scratch.At("root")}")).Find("etc/os-release"));
    }

    [Theory]
    [InlineData("dir:nowhere", "There is no directory ")]
    [InlineData("./nowhere", "There is no directory ")]
    [InlineData("/nowhere/at/all", "There is no directory /nowhere/at/all")]
    [InlineData("oci:nowhere:tag", "There is neither an OCI layout nor an archive")]
    [InlineData("oci:", "'oci:' names no path")]
    [InlineData("podman:--privileged", "'--privileged' is no name of an image")]
    [InlineData("docker:a b", "'a b' is no name of an image")]
    [InlineData("dbian:12", "Did you mean 'debian:12'?")]
    public void What_cannot_be_is_told_before_anything_runs(string name, string why)
    {
        var told = Assert.Throws<ToolchainException>(() => UserSpace.Named(name));
        Assert.Equal(ToolchainProblem.UnknownName, told.Problem);
        Assert.Contains(why, told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Paths_begin_where_the_file_is_that_names_them()
    {
        System.IO.Directory.CreateDirectory(_scratch.At("lab/root"));
        _scratch.Write("lab/image.tar", "");
        Assert.Equal($"dir:{_scratch.At("lab/root")}", UserSpace.Named("./root", _scratch.At("lab")).Name);
        Assert.Equal($"oci:{_scratch.At("lab/image.tar")}:1", UserSpace.Named("oci:image.tar:1", _scratch.At("lab")).Name);
        Assert.Equal(DebianDistribution.All[0], UserSpace.Named("bookworm", _scratch.At("lab")));
    }

    [Fact]
    public async Task A_program_that_is_missing_is_told_with_what_to_do()
    {
        var told = await ToldAsync(() => ImageStore.SaveAsync("/nowhere/podman", "debian:12", _scratch.At("saved"), new Provisioning("a test", null), TestContext.Current.CancellationToken), ToolchainProblem.MissingHostTool);
        Assert.Contains("podman is not on this machine, and debian:12 is to come from it: apt-get install podman", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_is_pulled_where_there_is_none_and_saved()
    {
        var program = Program("podman", "echo \"$@\" >> {0}/calls\n[ $1 != image ] || exit 1\n[ $1 != save ] || echo saved > $6\n");
        await ImageStore.SaveAsync(program, "lab/build:1", _scratch.At("saved"), new Provisioning("a test", null), TestContext.Current.CancellationToken);
        Assert.Equal("saved\n", await System.IO.File.ReadAllTextAsync(_scratch.At("saved"), TestContext.Current.CancellationToken));
        Assert.Equal(["image inspect lab/build:1", "pull --quiet --platform linux/amd64 lab/build:1", $"save --quiet --format oci-archive --output {_scratch.At("saved")} lab/build:1"],
            await System.IO.File.ReadAllLinesAsync(_scratch.At("calls"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_image_that_cannot_be_had_is_told_in_the_programs_words()
    {
        var program = Program("docker", "[ $1 = image ] || echo 'manifest unknown' >&2\nexit 125\n");
        var told = await ToldAsync(() => ImageStore.SaveAsync(program, "lab/build:1", _scratch.At("saved"), new Provisioning("a test", null), TestContext.Current.CancellationToken), ToolchainProblem.ProgramFailed);
        Assert.Equal("docker cannot provide lab/build:1: 'docker pull' ends with exit code 125: manifest unknown", told);
    }

    string Program(string name, string script)
    {
        var path = _scratch.Write($"bin/{name}", "#!/bin/sh\n" + script.Replace("{0}", _scratch.At("."), StringComparison.Ordinal));
        System.IO.File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    async Task PackAsync(bool compressed) => await HostProcess.RequireAsync(new HostCommand("tar", [compressed ? "-czf" : "-cf", _scratch.At("image.tar"), "-C", _scratch.At("image"), "."]), "packing", TestContext.Current.CancellationToken);
}
