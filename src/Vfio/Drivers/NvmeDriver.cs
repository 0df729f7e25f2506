using System.Diagnostics;
using Understudy.Devices;
using static Understudy.Devices.NvmeRegisters;

namespace Understudy.Vfio;

/// <summary>Drives an <see cref="Nvme"/>, or another controller of NVM Express 1.x: a copy is a write to the last blocks of namespace 1 and a read
/// of them. What was in those blocks is kept while the driver is set up, and put back when it is removed; a process that is killed
/// meanwhile leaves them changed.</summary>
public sealed class NvmeDriver : CopyDriver
{
    const ulong Page = 4096, Identity = 6 * Page, SourceList = 7 * Page, DestinationList = 8 * Page, Kept = 32 * Page, MemoryBytes = 64 * Page, MostMoved = 32 * Page;
    const uint Namespace = 1;
    const byte NumberOfQueues = 0x07;
    readonly BarView _card;
    readonly TimeSpan _patience;
    DmaBuffer? _memory;
    InterruptSet? _interrupts;
    NvmeQueuePair _admin, _quiet, _loud;
    NvmeCommand _write, _read, _current;
    ulong _firstBlock, _blockBytes, _mostBytes, _copies, _left;
    bool _holds;

    /// <summary>A driver for a controller.</summary>
    /// <exception cref="VfioException">Its doorbells or pages are not of the usual size, or it has no two MSI-X vectors.</exception>
    public NvmeDriver(VfioDevice device) : base(device, "nvme")
    {
        _card = device.Bar(0, Map);
        var capabilities = _card[CAP];
        if ((capabilities >> 32 & 0xF) != 0) throw new VfioException($"{device.Name} wants its doorbells apart (CAP.DSTRD {capabilities >> 32 & 0xF}); 4 bytes apart are known here");
        if ((capabilities >> 48 & 0xF) != 0) throw new VfioException($"{device.Name} has no pages of 4 KiB (CAP.MPSMIN {capabilities >> 48 & 0xF})");
        if (device.Interrupts(InterruptKind.Msix) < 2) throw new VfioException($"{device.Name} has {device.Interrupts(InterruptKind.Msix)} MSI-X vectors; the admin queue has one, and the messages need another");
        _patience = TimeSpan.FromMilliseconds(500 * Math.Max(1, capabilities >> 24 & 0xFF));
        (_admin, _quiet, _loud) = (null!, null!, null!);
    }

    /// <inheritdoc/>
    public override ulong Granule => 512;

    /// <inheritdoc/>
    public override ulong LeastBytes => Math.Max(Granule, _blockBytes);

    /// <inheritdoc/>
    public override ulong MostBytes => _mostBytes > 0 ? _mostBytes : throw new InvalidOperationException($"nvme on {Device.Name} is not initialised: it knows then how much it moves at a time");

    /// <inheritdoc/>
    public override ulong MostCopies => 1024;

    /// <inheritdoc/>
    public override Interrupt Msi => (_interrupts ?? throw new InvalidOperationException($"nvme on {Device.Name} is not initialised"))[0];

    /// <inheritdoc/>
    protected override void OnInit()
    {
        _memory ??= Device.Iommu.Allocate(MemoryBytes);
        Device.BusMaster = true;
        _interrupts = Device.EnableInterrupts(InterruptKind.Msix, count: 1, first: 1);
        SetUp();
        Identify();
        Move(Command(IoOpcode.Read, _memory.Iova + Kept, _mostBytes, SourceList), "read what is in the last blocks");
        _holds = true;
    }

    /// <inheritdoc/>
    protected override void OnRemove()
    {
        try
        {
            if (_quiet is { Outstanding: > 0 }) SetUp();
            if (_holds) Move(Command(IoOpcode.Write, _memory!.Iova + Kept, _mostBytes, SourceList), $"put back what was in the blocks from {_firstBlock} on");
            Disable();
        }
        finally
        {
            Device.BusMaster = _holds = false;
            _interrupts?.Dispose();
            _memory?.Dispose();
            (_interrupts, _memory) = (null, null);
        }
    }

    /// <inheritdoc/>
    protected override void OnStart(ulong source, ulong destination, ulong bytes, ulong copies)
    {
        if (bytes % _blockBytes != 0) throw new ArgumentException($"{Device.Name} has blocks of {_blockBytes} bytes, so 0x{bytes:x} cannot be copied", nameof(bytes));
        (_write, _read, _copies) = (Command(IoOpcode.Write, source, bytes, SourceList), Command(IoOpcode.Read, destination, bytes, DestinationList), copies);
        Begin(_write);
    }

    /// <inheritdoc/>
    protected override bool OnWait(TimeSpan timeout)
    {
        var started = Stopwatch.GetTimestamp();
        if (!Finish(started, timeout)) return false;
        Begin(_read);
        return Finish(started, timeout);
    }

    /// <inheritdoc/>
    protected override void OnSendMsi()
    {
        _loud.Submit(new NvmeCommand { Opcode = IoOpcode.Flush, Nsid = Namespace });
        if (Take(_loud) is not 0 and var status) throw new VfioException($"{Device.Name}: the flush that was to send a message ended with status 0x{status:x}");
    }

    void Begin(in NvmeCommand command)
    {
        (_current, _left) = (command, _copies);
        Refill();
    }

    void Refill()
    {
        for (; _left > 0 && _quiet.HasRoom; _left--) _quiet.Submit(_current);
    }

    // Nothing more is submitted after an error, and what was is waited for: no DMA is left.
    bool Finish(long started, TimeSpan timeout)
    {
        var good = true;
        while (_quiet.Outstanding > 0)
        {
            if (_quiet.TryTake(out var status))
            {
                good &= status == 0;
                if (!good) _left = 0;
                Refill();
            }
            else if (Stopwatch.GetElapsedTime(started) > timeout)
            {
                var outstanding = _quiet.Outstanding;
                SetUp();
                throw new VfioException($"{Device.Name}: {outstanding} commands were not completed after {timeout.TotalSeconds} s; CSTS was 0x{_card[CSTS]:x}");
            }
        }
        return good;
    }

    void SetUp()
    {
        Disable();
        var nothing = new byte[Identity];
        _memory!.Write(0, nothing);
        (_admin, _quiet, _loud) = (new(_card, _memory, 0, 0), new(_card, _memory, 1, 2 * Page), new(_card, _memory, 2, 4 * Page));
        _card[AQA] = (NvmeQueuePair.Entries - 1) << 16 | (NvmeQueuePair.Entries - 1);
        (_card[ASQ], _card[ACQ]) = (_admin.Submissions, _admin.Completions);
        _card[CC] = 4u << 20 | 6u << 16 | 1;        // entries of 16 and 64 bytes
        AwaitReady(ready: true);
        Ask(new NvmeCommand { Opcode = AdminOpcode.SetFeatures, Dword10 = NumberOfQueues, Dword11 = 1 << 16 | 1 }, "give two queues");
        Create(_quiet, vector: null);
        Create(_loud, vector: 1);
    }

    void Create(NvmeQueuePair queue, uint? vector)
    {
        var size = (uint)(NvmeQueuePair.Entries - 1) << 16 | (uint)queue.Id;
        Ask(new NvmeCommand { Opcode = AdminOpcode.CreateCq, Prp1 = queue.Completions, Dword10 = size, Dword11 = vector is { } of ? of << 16 | 3 : 1 }, $"create completion queue {queue.Id}");
        Ask(new NvmeCommand { Opcode = AdminOpcode.CreateSq, Prp1 = queue.Submissions, Dword10 = size, Dword11 = (uint)queue.Id << 16 | 1 }, $"create submission queue {queue.Id}");
    }

    // Identify (5.15): bytes 77 of the controller's page, 0, 26 and 128 on of the namespace's.
    void Identify()
    {
        Ask(new NvmeCommand { Opcode = AdminOpcode.Identify, Prp1 = _memory!.Iova + Identity, Dword10 = 1 }, "identify itself");
        var most = _memory.Read<byte>(Identity + 77) is > 0 and < 20 and var shift ? Math.Min(MostMoved, Page << shift) : MostMoved;
        Ask(new NvmeCommand { Opcode = AdminOpcode.Identify, Nsid = Namespace, Prp1 = _memory.Iova + Identity }, $"identify namespace {Namespace}");
        var blocks = _memory.Read<ulong>(Identity);
        _blockBytes = 1UL << (_memory.Read<byte>(Identity + 128 + 4UL * (_memory.Read<byte>(Identity + 26) & 15u) + 2) & 31);
        if (_blockBytes is < 512 or > Page || blocks < most / _blockBytes) throw new VfioException($"{Device.Name}: namespace {Namespace} has {blocks} blocks of {_blockBytes} bytes, too few for copies of {most} bytes");
        (_mostBytes, _firstBlock) = (most, blocks - most / _blockBytes);
    }

    // PRP entries (4.3): the first page, from where it starts; the second, or a list of the others.
    NvmeCommand Command(byte opcode, ulong address, ulong bytes, ulong list)
    {
        var command = new NvmeCommand { Opcode = opcode, Nsid = Namespace, Prp1 = address, Dword10 = (uint)_firstBlock, Dword11 = (uint)(_firstBlock >> 32), Dword12 = (uint)(bytes / _blockBytes) - 1 };
        var next = (address & ~(Page - 1)) + Page;
        var end = address + bytes;
        if (end <= next) return command;
        if (end <= next + Page) return command with { Prp2 = next };
        for (var i = 0UL; next < end; i += 8, next += Page) _memory!.Write(list + i, next);
        return command with { Prp2 = _memory!.Iova + list };
    }

    void Move(in NvmeCommand command, string what)
    {
        _quiet.Submit(command);
        if (Take(_quiet) is not 0 and var status) throw new VfioException($"{Device.Name} did not {what}: status 0x{status:x}");
    }

    void Ask(in NvmeCommand command, string what)
    {
        _admin.Submit(command);
        if (Take(_admin) is not 0 and var status) throw new VfioException($"{Device.Name} did not {what}: status 0x{status:x}");
    }

    int Take(NvmeQueuePair queue)
    {
        var started = Stopwatch.GetTimestamp();
        int status;
        while (!queue.TryTake(out status))
            if (Stopwatch.GetElapsedTime(started) > _patience) throw new VfioException($"{Device.Name}: a command on queue {queue.Id} was not completed in {_patience.TotalSeconds} s; CSTS is 0x{_card[CSTS]:x}");
        return status;
    }

    void Disable()
    {
        _card[CC] = 0;
        AwaitReady(ready: false);
    }

    void AwaitReady(bool ready)
    {
        var started = Stopwatch.GetTimestamp();
        while (_card[RDY] != ready)
        {
            var status = _card[CSTS];
            if (status == uint.MaxValue) throw VfioDevice.Gone(Device.Name);
            if (Stopwatch.GetElapsedTime(started) > _patience) throw new VfioException($"{Device.Name} did not {(ready ? "become" : "cease to be")} ready in {_patience.TotalSeconds} s; CSTS is 0x{status:x}");
        }
    }
}
