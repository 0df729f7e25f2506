using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Net.Sockets;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Toolchain;

namespace Understudy.Bench;

/// <summary>A kernel booted the way the manual shows it: a q35 machine with all its defaults, SeaBIOS, the bzImage, a compressed initramfs,
/// everything printed on the serial console. With the agent's channel added, so that the same agent can answer.</summary>
sealed class PlainBoot(QemuBoard board, Kernel kernel)
{
    byte[]? _initramfs;

    /// <summary>From the start of QEMU to the end of the first command.</summary>
    public async Task<TimeSpan> MeasureAsync(CancellationToken cancel)
    {
        using var sockets = new SocketDirectory();
        await File.WriteAllBytesAsync(sockets["initramfs.gz"], _initramfs ??= await CompressedAsync(sockets["initramfs"], cancel), cancel);
        using var control = Listen(sockets["ctl"]);
        using var log = Listen(sockets["log"]);
        var start = Stopwatch.GetTimestamp();
        using var process = await QemuProcess.StartAsync(board.Qemu.StartInfo(Arguments(sockets)));
        var console = process.Console.CopyToAsync(Stream.Null, cancel);
        await using var agent = await GuestAgent.ConnectAsync(await AcceptAsync(control, cancel), await AcceptAsync(log, cancel), cancellation: cancel);
        await agent.ExecuteAsync(["true"], cancellation: cancel);
        var elapsed = Stopwatch.GetElapsedTime(start);
        process.Kill();
        await console;
        return elapsed;
    }

    IEnumerable<string> Arguments(SocketDirectory sockets) =>
    [
        "-M", "q35", "-accel", board.Accelerator.Name, "-m", new BootSpec(kernel).MemoryMebibytes.ToString(CultureInfo.InvariantCulture),
        "-kernel", kernel.Vmlinuz, "-initrd", sockets["initramfs.gz"], "-append", "console=ttyS0",
        "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot", "-run-with", "exit-with-parent=on",
        "-device", "virtio-serial-pci",
        "-chardev", $"socket,id=ctl,path={sockets["ctl"]}", "-device", $"virtserialport,chardev=ctl,name={GuestAgent.ControlPort}",
        "-chardev", $"socket,id=log,path={sockets["log"]}", "-device", $"virtserialport,chardev=log,name={GuestAgent.LogPort}",
    ];

    async Task<byte[]> CompressedAsync(string plain, CancellationToken cancel)
    {
        (await board.InitramfsAsync(new BootSpec(kernel), cancel)).WriteTo(plain);
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize))
            await gzip.WriteAsync(await File.ReadAllBytesAsync(plain, cancel), cancel);
        return compressed.ToArray();
    }

    static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(1);
        return socket;
    }

    static async Task<Stream> AcceptAsync(Socket listener, CancellationToken cancel) => new NetworkStream(await listener.AcceptAsync(cancel), ownsSocket: true);
}
