using System.Diagnostics;
using System.Text;

namespace Understudy.Guest.Tests;

public class CpioArchiveTests
{
    const UnixFileMode Mode644 = (UnixFileMode)0b110_100_100;

    [Fact]
    public void An_archive_has_exactly_these_bytes()
    {
        var bytes = Write(archive =>
        {
            archive.AddFile("/a/hi", "hello"u8, Mode644);
            archive.AddSymlink("/a/ln", "hi");
            archive.AddCharacterDevice("/nul", (UnixFileMode)0b110_110_110, 1, 3);
        });

        const string zero = "00000000";
        var golden =
            $"07070100000001000041ED{zero}{zero}00000002{zero}{zero}{zero}{zero}{zero}{zero}00000002{zero}a\0" +
            $"0707010000000200008" + $"1A4{zero}{zero}00000001{zero}00000005{zero}{zero}{zero}{zero}00000005{zero}a/hi\0\0" + "hello\0\0\0" +
            $"0707010000000300" + $"00A1FF{zero}{zero}00000001{zero}00000002{zero}{zero}{zero}{zero}00000005{zero}a/ln\0\0" + "hi\0\0" +
            $"0707010000000400" + $"0021B6{zero}{zero}00000001{zero}{zero}{zero}{zero}00000001000000030000000" + $"4{zero}nul\0\0\0" +
            $"070701{zero}{zero}{zero}{zero}00000001{zero}{zero}{zero}{zero}{zero}{zero}0000000B{zero}TRAILER!!!\0\0\0\0";
        Assert.Equal(golden, Encoding.ASCII.GetString(bytes));
    }

    [Fact]
    public void A_stream_and_a_span_of_the_same_bytes_make_the_same_archive()
    {
        byte[] content = [1, 2, 3, 4, 5, 6, 7];
        Assert.Equal(
            Write(archive => archive.AddFile("/f", content, Mode644)),
            Write(archive => archive.AddFile("/f", new MemoryStream(content), Mode644)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/a/../b")]
    [InlineData("/a//b")]
    [InlineData("/a\0b")]
    public void A_path_that_is_not_inside_the_guest_is_refused(string path) =>
        Write(archive => Assert.Throws<ArgumentException>(() => archive.AddDirectory(path)));

    [Fact]
    public void A_second_file_of_the_same_name_is_refused() => Write(archive =>
    {
        archive.AddFile("/f", "1"u8, Mode644);
        Assert.Throws<ArgumentException>(() => archive.AddFile("f", "2"u8, Mode644));
    });

    [Fact]
    public void The_system_tool_reads_the_archive_back()
    {
        if (Find("cpio") is not { } cpio) { Assert.Skip("there is no cpio here"); return; }
        var bytes = Write(archive =>
        {
            archive.AddFile("/dir/odd", "abc"u8, Mode644);
            archive.AddSymlink("/link", "dir/odd");
        });
        using var process = Process.Start(new ProcessStartInfo(cpio, ["-t", "--quiet"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        process.StandardInput.BaseStream.Write(bytes);
        process.StandardInput.Close();

        Assert.Equal(["dir", "dir/odd", "link"], process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    static byte[] Write(Action<CpioArchive> add)
    {
        var stream = new MemoryStream();
        using (var archive = new CpioArchive(stream)) add(archive);
        return stream.ToArray();
    }

    static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
