using System.Formats.Tar;
using System.Text;
using static Understudy.Toolchain.Tests.ImageBuilder;

namespace Understudy.Toolchain.Tests;

public class RootLayerTests
{
    static RootFiles Apply(params TarEntry[][] layers)
    {
        var files = new RootFiles();
        var stack = new RootLayer(files);
        foreach (var layer in layers) stack.Apply(new MemoryStream(Tar(layer)), "an image", whiteouts: true);
        return files;
    }

    static string? Text(RootFiles files, string path)
    {
        if (files.Find(path) is not { IsDirectory: false } file) return null;
        if (file.Content is null) return "";
        file.Content.Position = 0;
        return new StreamReader(file.Content, Encoding.UTF8).ReadToEnd();
    }

    static string Refused(params TarEntry[][] layers)
    {
        var refused = Assert.Throws<ToolchainException>(() => Apply(layers));
        Assert.Equal(ToolchainProblem.BadFile, refused.Problem);
        return refused.Message;
    }

    [Fact]
    public void A_later_layer_replaces_and_hides_what_earlier_ones_brought()
    {
        var files = Apply(
            [File("etc/kept", "1"), File("etc/replaced", "1"), File("etc/hidden", "1"), File("opaque/old", "1"), File("gone/a/b", "1")],
            [File("etc/replaced", "2"), File("etc/.wh.hidden", ""), File("opaque/new", "2"), File("opaque/.wh..wh..opq", ""), File(".wh.gone", ""), File(".wh..wh.plnk/1.2", "")]);
        Assert.Equal(["etc", "etc/kept", "etc/replaced", "opaque", "opaque/new"], files.All().Select(at => at.Path).Where(path => !path.StartsWith(".wh", StringComparison.Ordinal)));
        Assert.Equal("2", Text(files, "etc/replaced"));
    }

    [Fact]
    public void A_whiteout_hides_nothing_of_its_own_layer()
    {
        var files = Apply([File("a/old", "1"), File("b", "1")], [File("a/new", "2"), File(".wh.a", ""), File("b", "2"), File(".wh.b", "")]);
        Assert.Equal("2", Text(files, "a/new"));
        Assert.Null(Text(files, "a/old"));
        Assert.Equal("2", Text(files, "b"));
    }

    [Fact]
    public void Links_lead_to_the_image_and_nowhere_else()
    {
        var files = Apply([Link("out", "../../../../etc"), Link("absolute", "/etc"), File("etc/passwd", "theirs"), Link("loop", "loop")], [File("out/added", "x"), File("absolute/passwd", "changed")]);
        Assert.Equal("x", Text(files, "etc/added"));
        Assert.Equal("changed", Text(files, "etc/passwd"));
        Assert.Equal("changed", Text(files, "out/passwd"));
        Assert.Null(files.Find("loop"));
        Assert.True(files.Root.Children["out"].IsLink);
    }

    [Fact]
    public void A_name_that_leads_out_of_the_root_is_refused() => Assert.Contains("'../../etc/passwd' leads out of the root", Refused([File("../../etc/passwd", "x")]), StringComparison.Ordinal);

    [Fact]
    public void A_name_that_leads_out_from_within_is_refused() => Assert.Contains("leads out of the root", Refused([File("a/../../b", "x")]), StringComparison.Ordinal);

    [Fact]
    public void An_absolute_name_is_one_of_the_root() => Assert.Equal("x", Text(Apply([File("/etc/passwd", "x")]), "etc/passwd"));

    [Theory]
    [InlineData("../../etc/shadow", "leads out of the root")]
    [InlineData("/etc/shadow", "no file of the image")]
    [InlineData("etc", "no file of the image")]
    public void A_hard_link_to_anything_but_a_file_of_the_image_is_refused(string target, string why) =>
        Assert.Contains(why, Refused([Folder("etc"), HardLink("mine", target)]), StringComparison.Ordinal);

    [Fact]
    public void A_hard_link_stays_when_its_other_name_goes()
    {
        var files = Apply([File("a", "1"), HardLink("b", "a")], [File(".wh.a", "")]);
        Assert.Equal("1", Text(files, "b"));
        Assert.Null(files.Find("a"));
    }

    [Theory]
    [InlineData(".wh.")]
    [InlineData(".wh...")]
    public void A_whiteout_of_no_file_is_refused(string name) => Assert.Contains("hides no file", Refused([File(name, "")]), StringComparison.Ordinal);

    [Fact]
    public void Device_nodes_and_pipes_are_left_out_with_a_word()
    {
        var files = new RootFiles();
        var layers = new RootLayer(files);
        layers.Apply(new MemoryStream(Tar(new PaxTarEntry(TarEntryType.CharacterDevice, "dev/mem") { DeviceMajor = 1, DeviceMinor = 1 }, new PaxTarEntry(TarEntryType.BlockDevice, "dev/sda"), new PaxTarEntry(TarEntryType.Fifo, "run/pipe"))), "an image", whiteouts: true);
        Assert.Equal(["dev/mem (a device node)", "dev/sda (a device node)", "run/pipe (a pipe)"], layers.LeftOut);
        Assert.Null(files.Find("dev/mem"));
    }

    [Fact]
    public void A_file_in_the_place_of_a_directory_is_told() => Assert.Contains("goes through a file that is no directory", Refused([File("etc", "x"), File("etc/passwd/x", "x")]), StringComparison.Ordinal);

    [Fact]
    public void Links_without_end_are_told() => Assert.Contains("symbolic links without end", Refused([Link("a", "b"), Link("b", "a"), File("a/x", "x")]), StringComparison.Ordinal);

    [Fact]
    public void Directories_without_end_are_told()
    {
        var deep = string.Join('/', Enumerable.Repeat("d", 900));
        Assert.Contains("in each other more than", Refused([Link("l", deep), Folder(deep), File($"l/{deep}", "x")]), StringComparison.Ordinal);
    }

    [Fact]
    public void More_files_than_there_may_be_are_told()
    {
        var layers = new RootLayer(new RootFiles(most: 3));
        Assert.Contains("more than 3 files", Assert.Throws<ToolchainException>(() => layers.Apply(new MemoryStream(Tar(File("a/b", ""), File("a/c", ""), File("d", ""))), "an image", whiteouts: true)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(700)]
    [InlineData(1100)]
    public void An_archive_that_is_cut_off_is_told_with_the_byte(int length)
    {
        var whole = Tar(File("etc/os-release", new string('x', 2000)));
        var layers = new RootLayer(new RootFiles());
        Assert.Contains("it is cut off", Assert.Throws<ToolchainException>(() => layers.Apply(new MemoryStream(whole[..length]), "an image", whiteouts: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_archive_is_told() => Assert.Contains("byte 0 should begin a header",
        Assert.Throws<ToolchainException>(() => new RootLayer(new RootFiles()).Apply(new MemoryStream(Encoding.ASCII.GetBytes(new string('y', 4096))), "an image", whiteouts: true)).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_damage_is_told_and_nothing_else_thrown()
    {
        var whole = Tar(File("etc/os-release", "x"), Link("a", "etc"), HardLink("b", "etc/os-release"), Folder("c"));
        var random = new Random(1);
        for (var i = 0; i < 3000; i++)
        {
            var spoilt = whole.ToArray();
            for (var bits = random.Next(1, 6); bits > 0; bits--) spoilt[random.Next(spoilt.Length)] = (byte)random.Next(256);
            var layers = new RootLayer(new RootFiles());
            try
            {
                layers.Apply(new MemoryStream(spoilt[..random.Next(1, spoilt.Length + 1)]), "an image", whiteouts: true);
            }
            catch (ToolchainException told)
            {
                Assert.Equal(ToolchainProblem.BadFile, told.Problem);
            }
        }
    }

    [Fact]
    public async Task The_root_is_written_with_links_kept_owners_of_whoever_unpacked_it_made_root_and_what_machines_need()
    {
        using var scratch = new Scratch();
        static TarEntry Own(TarEntry entry, int uid)
        {
            (entry.Uid, entry.Gid) = (uid, uid);
            return entry;
        }
        var files = Apply([Own(Folder("./"), 1000), Own(File("usr/bin/sh", "shell"), 1000), Own(HardLink("usr/bin/dash", "usr/bin/sh"), 1000), Own(Link("bin", "usr/bin"), 1000), Own(File("home/other", "x"), 1001)]);
        var bytes = await RootArchive.WriteAsync(files, scratch.At("root.tar"), TestContext.Current.CancellationToken);
        Assert.Equal(6, bytes);
        using var reader = new TarReader(System.IO.File.OpenRead(scratch.At("root.tar")));
        var entries = new Dictionary<string, TarEntry>();
        while (reader.GetNextEntry() is { } entry) entries.Add(entry.Name, entry);
        Assert.Equal((TarEntryType.HardLink, "./usr/bin/dash"), (entries["./usr/bin/sh"].EntryType, entries["./usr/bin/sh"].LinkName));
        Assert.Equal("usr/bin", entries["./bin"].LinkName);
        Assert.Equal((0, 1001), (entries["./usr/bin/dash"].Uid, entries["./home/other"].Uid));
        Assert.All((string[])["./proc", "./sys", "./dev", "./run", "./tmp"], name => Assert.Equal(TarEntryType.Directory, entries[name].EntryType));
        Assert.True(entries["./tmp"].Mode.HasFlag(UnixFileMode.StickyBit));
    }
}
