using System.Globalization;
using Understudy.Pci;
using static Understudy.Devices.NvmeRegisters;

namespace Understudy.Devices;

/// <summary>An NVM Express 1.4 controller with its namespaces, close enough that the unmodified nvme driver of Linux 6.1 to 7.2 runs it. What is
/// modelled and what is not stands in the README beside this file. All of it is touched under the slot's lock: go through
/// <see cref="PciSlot{T}.Do"/> and <see cref="PciSlot{T}.Ask"/>.</summary>
public sealed partial class Nvme : PciDevice
{
    /// <summary>Namespaces a controller can have.</summary>
    public const int MostNamespaces = 16;

    const long DefaultBytes = 256L << 20;
    readonly RegisterFile _registers;
    readonly InterruptLine[] _lines;
    DeviceTimer? _ready, _stopped, _shutdown;
    uint _masked;

    /// <summary>A controller.</summary>
    /// <param name="namespaces">Its namespaces, numbered from 1; one of 256 MiB in memory unless told. At most <see cref="MostNamespaces"/>.</param>
    /// <param name="ioQueues">I/O queue pairs it has, 1 to 64; each has an interrupt vector of its own.</param>
    /// <param name="serial">Its serial number, up to 20 ASCII characters. Two controllers of one machine must not share it: Linux refuses the second.</param>
    /// <exception cref="ArgumentException">One of these is not possible.</exception>
    public Nvme(IReadOnlyList<NvmeNamespace>? namespaces = null, int ioQueues = 8, string serial = "UNDERSTUDY-0001")
        : base(new PciIdentity(Vendor: 0x1E0F, Device: 0x0007, ClassCode: 0x01_08_02, Revision: 1, SubsystemVendor: 0x1E0F, Subsystem: 0x0001))
    {
        ArgumentNullException.ThrowIfNull(serial);
        if (serial.Length is 0 or > 20 || !System.Text.Ascii.IsValid(serial)) throw new ArgumentException($"'{serial}' is not 1 to 20 ASCII characters", nameof(serial));
        if (ioQueues is < 1 or > MostQueues) throw new ArgumentOutOfRangeException(nameof(ioQueues), $"A controller has 1 to {MostQueues} I/O queues, not {ioQueues}");
        NamespaceArray = [.. namespaces ?? [new NvmeNamespace(DefaultBytes)]];
        if (NamespaceArray.Length is 0 or > MostNamespaces) throw new ArgumentException($"A controller has 1 to {MostNamespaces} namespaces, not {NamespaceArray.Length}", nameof(namespaces));
        for (var i = 0; i < NamespaceArray.Length; i++) NamespaceArray[i].Id = (uint)i + 1;
        MostIoQueues = ioQueues;
        _registers = Bar(0, Map, BarKind.Memory64);
        Has(new PowerManagement());
        Has(new Msi());
        Has(new Msix(ioQueues + 1, bar: 0, MsixTable, MsixPending));
        Has(new PciExpress());
        HasIntx();
        Moves<NvmeCommand>();
        Moves<NvmeCompletion>();
        _lines = [.. Enumerable.Range(0, ioQueues + 1).Select(Interrupt)];
        Queues = new NvmeQueues(this);
        Events = new NvmeEvents(this);
        Logs = new NvmeLogs(this);
        Features = new NvmeFeatures(this);
        Admin = new NvmeAdmin(this, new NvmeIdentify(this, serial));
        Io = new NvmeIo(this);
        GiveBehaviour();
    }

    /// <summary>Its namespaces; the first has NSID 1.</summary>
    public IReadOnlyList<NvmeNamespace> Namespaces => NamespaceArray;

    /// <summary>I/O queue pairs it has.</summary>
    public int MostIoQueues { get; }

    /// <summary>The driver has enabled it and it is ready (CSTS.RDY).</summary>
    public bool IsReady => _registers[RDY];

    /// <summary>It has failed for good, until the driver resets it (CSTS.CFS).</summary>
    public bool IsFatal => _registers[CFS];

    /// <summary>How the driver last shut it down.</summary>
    public NvmeShutdown LastShutdown { get; private set; }

    /// <summary>How often the driver has enabled it.</summary>
    public int Enables { get; private set; }

    /// <summary>Submission queues there are now, the admin queue among them.</summary>
    public int SubmissionQueueCount => Queues.SubmissionQueues;

    /// <summary>Flush commands carried out, one for each namespace.</summary>
    public int Flushes { get; internal set; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(IsFatal ? "fatal" : IsReady ? "ready" : "disabled")}, enabled {Enables} times, shutdown: {LastShutdown}, {Queues.SubmissionQueues} queues, {Events.Requests} event requests, {Flushes} flushes, misbehaviour: {Queues.Misbehaviour}")
        + string.Concat(NamespaceArray.Select(space => string.Create(CultureInfo.InvariantCulture,
            $"\nnamespace {space.Id}: {(space.IsAttached ? "" : "not attached, ")}{space.Blocks} blocks of {space.BlockSize} bytes, written {space.BlocksWritten}, zeroed {space.BlocksZeroed}, deallocated {space.BlocksDeallocated}")));

    internal NvmeNamespace[] NamespaceArray { get; }

    internal NvmeQueues Queues { get; }

    internal NvmeEvents Events { get; }

    internal NvmeLogs Logs { get; }

    internal NvmeFeatures Features { get; }

    internal NvmeHealth Health { get; } = new();

    internal NvmeAdmin Admin { get; }

    internal NvmeIo Io { get; }

    internal Dma Memory => Dma;

    internal long Time => Now;

    internal int PageSize { get; private set; } = 4096;

    /// <summary>Commands are fetched and carried out.</summary>
    internal bool IsRunning => _registers[RDY] && _registers[EN] && !_registers[CFS] && _registers[SHST] == 0;

    internal bool EntrySizesSet => _registers[IOSQES] == 6 && _registers[IOCQES] == 4;

    internal bool IsTooHot => Features.IsOutOfBounds(Temperature);

    internal bool BeginsPage(ulong address) => (address & (ulong)(PageSize - 1)) == 0;

    internal bool IsNamespaceId(uint nsid) => nsid - 1 < (uint)NamespaceArray.Length;

    internal NvmeNamespace? Attached(uint nsid) => IsNamespaceId(nsid) && NamespaceArray[nsid - 1] is { IsAttached: true } space ? space : null;

    internal void Find(string check, string text) => Report(check, text);

    internal void GoFatal(string because)
    {
        Find("controller-fatal", $"{because}; the controller stops with CSTS.CFS");
        GoFatal();
    }

    internal void CheckTemperature()
    {
        if (IsTooHot && Features.WantsTemperatureEvents) Events.TemperatureReached();
    }

    /// <summary>The level of a vector; <paramref name="another"/> where something new was posted, which needs another message.</summary>
    internal void SetVector(int vector, bool pending, bool another)
    {
        var line = _lines[vector];
        var visible = pending && (vector > 31 || (_masked >> vector & 1) == 0);
        if (visible && another) line.Renew();
        else line.Set(visible);
    }

    /// <inheritdoc/>
    protected override void PluggedIn()
    {
        _ready = Timer(BecomeReady, "ready");
        _stopped = Timer(() => _registers[RDY] = false, "stopped");
        _shutdown = Timer(ShutdownDone, "shutdown complete");
        Queues.PluggedIn(Timer);
    }

    /// <inheritdoc/>
    protected override void OnReset()
    {
        if (Enables > 0 && LastShutdown == NvmeShutdown.None) Health.UnsafeShutdowns++;
        Stop();
        Logs.PowerOn();
        LastShutdown = NvmeShutdown.None;
    }

    void GiveBehaviour()
    {
        _registers
            .OnWrite(CC, ConfigurationWritten)
            .OnWrite(INTMS, write => Mask(_masked | (uint)(write.Written & write.Enabled)))
            .OnWrite(INTMC, write => Mask(_masked & ~(uint)(write.Written & write.Enabled)));
        foreach (var register in (Register[])[AQA, ASQ, ACQ])
            _registers.OnWrite(register, write =>
            {
                if (write.New != write.Old && _registers[EN]) Find("admin-queue-moved", $"{register} was changed while the controller is enabled");
            });
        for (var i = 0; i <= MostQueues; i++)
        {
            var (queue, tail, head) = (i, SQT[i], CQH[i]);
            _registers.OnWrite(SQTDBL[i], write => { if (HearsDoorbells()) Queues.SubmissionDoorbell(queue, (int)write[tail]); });
            _registers.OnWrite(CQHDBL[i], write => { if (HearsDoorbells()) Queues.CompletionDoorbell(queue, (int)write[head]); });
        }
    }

    bool HearsDoorbells()
    {
        if (!IsRunning && !_registers[CFS]) Report("doorbell-while-disabled", "a doorbell was written while the controller is not ready, or shut down");
        return IsRunning;
    }

    void ConfigurationWritten(RegisterWrite write)
    {
        if (write.Rises(EN)) Enable();
        else if (write.Falls(EN)) Disable();
        else if (_registers[EN] && ((write.Old ^ write.New) & ~SHN.Mask & ~IOSQES.Mask & ~IOCQES.Mask) != 0)
            Find("configuration-while-enabled", "CC was changed in more than SHN and the entry sizes while the controller is enabled");
        if (write[SHN] != 0 && write[SHN] != (write.Old & SHN.Mask) >> SHN.Low) ShutDown(write[SHN] == 1 ? NvmeShutdown.Normal : NvmeShutdown.Abrupt);
    }

    void Enable()
    {
        if (_registers[RDY]) Find("enabled-too-early", "CC.EN was set again before CSTS.RDY had cleared");
        _stopped!.Cancel();
        (_registers[RDY], _registers[SHST]) = (false, 0);
        Enables++;
        LastShutdown = NvmeShutdown.None;
        PageSize = 4096 << (int)_registers[MPS];
        var (submission, completion) = (_registers[ASQ], _registers[ACQ]);
        if (_registers[MPS] > 4 || _registers[CSS] != 0 || _registers[AMS] != 0) GoFatal("CC asks for a page size, command set or arbitration that CAP does not offer");
        else if (_registers[ASQS] == 0 || _registers[ACQS] == 0) GoFatal("the controller was enabled with an admin queue of one entry");
        else if (!BeginsPage(submission) || !BeginsPage(completion)) GoFatal("the controller was enabled with an admin queue that does not begin a page");
        if (IsFatal || NeverReady) return;
        Queues.CreateAdmin(submission, (int)_registers[ASQS] + 1, completion, (int)_registers[ACQS] + 1);
        _ready!.Arm(NvmeTiming.Ready);
    }

    void BecomeReady() => _registers[RDY] = true;

    void Disable()
    {
        Stop();
        (_registers[CFS], _registers[SHST]) = (false, 0);
        _stopped!.Arm(NvmeTiming.Stopped);
    }

    // What a controller level reset does, but for the registers.
    void Stop()
    {
        _ready?.Cancel();
        _shutdown?.Cancel();
        Queues.Reset();
        Events.Reset();
        Logs.Reset();
        Features.Reset();
        _masked = 0;
        (_registers[INTMS], _registers[INTMC]) = (0, 0);
        PageSize = 4096;
        foreach (var line in _lines) line.Set(false);
    }

    void ShutDown(NvmeShutdown how)
    {
        LastShutdown = how;
        Queues.Stop();
        _registers[SHST] = 1;
        _shutdown!.Arm(NvmeTiming.Shutdown);
    }

    void ShutdownDone()
    {
        foreach (var space in NamespaceArray) space.Media.Flush();
        _registers[SHST] = 2;
    }

    void Mask(uint vectors)
    {
        _masked = vectors;
        (_registers[INTMS], _registers[INTMC]) = (vectors, vectors);
        for (var vector = 0; vector < Math.Min(_lines.Length, 32); vector++) SetVector(vector, Queues.IsPending(vector), another: false);
    }
}
