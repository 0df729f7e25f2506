using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Understudy.Linux;

namespace Understudy.Vfio.Kvm;

/// <summary>A virtual machine whose only processor sleeps until an interrupt comes, and says which it was: what a device's message has to reach
/// by itself when its eventfd is KVM's (KVM_IRQFD). 64 KiB of memory, protected mode without paging, the kernel's own interrupt controllers.
/// From one thread at a time.</summary>
sealed class InterruptGuest : IDisposable
{
    const int MemoryBytes = 0x10000, Gdt = 0x1000, Idt = 0x2000, Code = 0x3000, Handlers = 0x4000, HandlerBytes = 32, Stack = 0x10000;
    const int FirstVector = 32, Vectors = 224, Port = 0x10;
    const uint MessageAddress = 0xFEE0_0000, TssAddress = 0xFFFB_D000;
    const byte Spurious = 0xFE, Stop = 0xFF, Ready = 0;
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly FileDescriptor _kvm, _vm, _processor;
    readonly SharedMapping _memory, _state;
    readonly BlockingCollection<byte> _taken = [];
    readonly Dictionary<byte, EventFd> _routed = [];
    readonly Thread _runs;
    volatile string? _problem;

    /// <summary>Starts it.</summary>
    /// <exception cref="VfioException">The kernel has no KVM, or it cannot do this.</exception>
    public InterruptGuest()
    {
        _kvm = KernelFile.Open("/dev/kvm", "The machine needs hardware virtualisation, nested where it is itself virtual, and kvm-amd or kvm-intel loaded.");
        try
        {
            if (Ioctl.Value(_kvm, KvmApi.GetApiVersion, 0, "KVM_GET_API_VERSION") is not KvmApi.Version and var version) throw new VfioException($"/dev/kvm speaks version {version}, not {KvmApi.Version}");
            _vm = Ioctl.Descriptor(_kvm, KvmApi.CreateVm, 0, "KVM_CREATE_VM");
            Ioctl.Value(_vm, KvmApi.SetTssAddress, TssAddress, "KVM_SET_TSS_ADDR");
            Ioctl.Value(_vm, KvmApi.CreateIrqChip, 0, "KVM_CREATE_IRQCHIP");
            _memory = Iommu.NewMemory(MemoryBytes, 0);
            Fill();
            var slot = new KvmApi.Memory { Bytes = MemoryBytes, HostAddress = _memory.Address };
            Ioctl.Structure(_vm, KvmApi.SetMemory, ref slot, "KVM_SET_USER_MEMORY_REGION");
            _processor = Ioctl.Descriptor(_vm, KvmApi.CreateVcpu, 0, "KVM_CREATE_VCPU");
            _state = SharedMapping.Map(_processor, 0, (ulong)Ioctl.Value(_kvm, KvmApi.GetVcpuMapSize, 0, "KVM_GET_VCPU_MMAP_SIZE"), writable: true);
            SetRegisters();
        }
        catch (LinuxException refused)
        {
            Close();
            throw new VfioException($"KVM cannot run a guest here: {refused.Message}", refused);
        }
        catch
        {
            Close();
            throw;
        }
        _runs = new Thread(Run) { IsBackground = true, Name = "the nested guest's processor" };
        _runs.Start();
        if (Take(s_patience) != Ready) throw new VfioException("the nested guest does not start");
    }

    /// <summary>From now on what signals this counter is this interrupt of the guest, with nobody between.</summary>
    /// <param name="vector">32 to 253.</param>
    /// <param name="fired">A device's interrupt; its count is taken by KVM from then on.</param>
    public void Route(byte vector, EventFd fired)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vector, FirstVector);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(vector, Spurious);
        _routed.Add(vector, fired);
        SetRoutes();
        Connect(vector, fired, 0);
    }

    /// <summary>The counter is its owner's again.</summary>
    public void Unroute(byte vector)
    {
        if (_routed.Remove(vector, out var fired)) Connect(vector, fired, KvmApi.IrqFdDeassign);
    }

    /// <summary>Waits for the guest to take an interrupt.</summary>
    /// <returns>Its vector; null when the time went by first.</returns>
    /// <exception cref="VfioException">The guest has ended; the message says how.</exception>
    public byte? Take(TimeSpan timeout)
    {
        if (_taken.TryTake(out var vector, timeout)) return vector;
        if (_problem is { } problem) throw new VfioException(problem);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var stop = new KvmApi.Msi { AddressLow = MessageAddress, Data = Stop };
        if (_problem is null) Ioctl.Structure(_vm, KvmApi.SignalMsi, ref stop, "KVM_SIGNAL_MSI");
        // Its memory must not go while it runs.
        if (!_runs.Join(s_patience)) throw new VfioException("the nested guest does not take the interrupt that ends it");
        Close();
    }

    void Connect(byte vector, EventFd fired, uint flags)
    {
        var request = new KvmApi.IrqFdRequest { Descriptor = (uint)fired.Number, Gsi = vector, Flags = flags };
        Ioctl.Structure(_vm, KvmApi.IrqFd, ref request, "KVM_IRQFD");
    }

    // All routes are told at once: struct kvm_irq_routing.
    void SetRoutes()
    {
        var bytes = new byte[8 + _routed.Count * Unsafe.SizeOf<KvmApi.Route>()];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, _routed.Count);
        var at = 8;
        foreach (var vector in _routed.Keys)
        {
            Unsafe.WriteUnaligned(ref bytes[at], new KvmApi.Route { Gsi = vector, Type = KvmApi.RouteMsi, AddressLow = MessageAddress, Data = vector });
            at += Unsafe.SizeOf<KvmApi.Route>();
        }
        Ioctl.Bytes(_vm, KvmApi.SetRouting, bytes, "KVM_SET_GSI_ROUTING");
    }

    void Run()
    {
        try
        {
            while (Step() is not Stop and var vector) _taken.Add(vector);
        }
        catch (VfioException ended)
        {
            _problem = ended.Message;
        }
        _taken.CompleteAdding();
    }

    // Until the guest writes to its port what it took.
    byte Step()
    {
        while (!Entered()) { }
        var state = State();
        if (state.ExitReason != KvmApi.ExitIo) throw new VfioException($"the nested guest has ended: KVM's exit reason is {state.ExitReason}");
        Span<byte> data = stackalloc byte[1];
        _state.Read(state.DataOffset, data);
        return data[0];
    }

    // False when a signal to this process brought it back before the guest had anything to say.
    bool Entered()
    {
        try
        {
            Ioctl.Value(_processor, KvmApi.Run, 0, "KVM_RUN");
            return true;
        }
        catch (LinuxException interrupted) when (interrupted.Errno == Errno.EINTR)
        {
            return false;
        }
        catch (LinuxException refused)
        {
            throw new VfioException($"the nested guest does not run: {refused.Message}", refused);
        }
    }

    KvmApi.RunState State()
    {
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<KvmApi.RunState>()];
        _state.Read(0, bytes);
        return Unsafe.ReadUnaligned<KvmApi.RunState>(ref bytes[0]);
    }

    // A descriptor table of flat segments, a gate for each vector, and behind each a handler that ends the interrupt at the local APIC, says its
    // number, and sleeps again. It does not return: there is nothing to go back to, and not every KVM emulates an IRET. The program enables the
    // local APIC (Intel SDM volume 3, 10.9: the spurious-interrupt vector register) and sleeps.
    void Fill()
    {
        Span<byte> tables = stackalloc byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(tables[8..], 0x00CF_9B00_0000_FFFF);
        BinaryPrimitives.WriteUInt64LittleEndian(tables[16..], 0x00CF_9300_0000_FFFF);
        _memory.Write(Gdt, tables);
        for (var vector = FirstVector; vector < FirstVector + Vectors; vector++)
        {
            var handler = Handlers + vector * HandlerBytes;
            Span<byte> gate = [(byte)handler, (byte)(handler >> 8), 8, 0, 0, 0x8E, 0, 0];
            _memory.Write((ulong)(Idt + vector * gate.Length), gate);
            _memory.Write((ulong)handler,
            [
                0xC7, 0x05, 0xB0, 0x00, 0xE0, 0xFE, 0x00, 0x00, 0x00, 0x00, // mov dword [0xFEE000B0], 0
                .. Says((byte)vector),
            ]);
        }
        _memory.Write(Code,
        [
            0xC7, 0x05, 0xF0, 0x00, 0xE0, 0xFE, Spurious, 0x01, 0x00, 0x00, // mov dword [0xFEE000F0], 0x100 | Spurious
            .. Says(Ready),
        ]);
    }

    static byte[] Says(byte what) =>
    [
        0xB0, what, 0xE6, Port,                                         // mov al, what; out Port, al
        0xBC, 0x00, 0x00, Stack >> 16, 0x00,                            // mov esp, Stack
        0xFB, 0xF4, 0xEB, 0xFD,                                         // sti; hlt; jmp to the hlt
    ];

    void SetRegisters()
    {
        var special = new KvmApi.SpecialRegisters();
        Ioctl.Structure(_processor, KvmApi.GetSpecialRegisters, ref special, "KVM_GET_SREGS");
        var flat = new KvmApi.Segment { Limit = 0xFFFF_FFFF, Selector = 16, Type = 3, Present = 1, Wide = 1, CodeOrData = 1, Pages = 1 };
        special.Ds = special.Es = special.Fs = special.Gs = special.Ss = flat;
        special.Cs = flat with { Selector = 8, Type = 11 };
        special.Gdt = new KvmApi.Table { Start = Gdt, Limit = 23 };
        special.Idt = new KvmApi.Table { Start = Idt, Limit = 256 * 8 - 1 };
        special.Cr0 |= 1;
        Ioctl.Structure(_processor, KvmApi.SetSpecialRegisters, ref special, "KVM_SET_SREGS");
        var registers = new KvmApi.Registers { Rip = Code, Rsp = Stack, Rflags = 2 };
        Ioctl.Structure(_processor, KvmApi.SetRegisters, ref registers, "KVM_SET_REGS");
    }

    void Close()
    {
        _state?.Dispose();
        _processor?.Dispose();
        _vm?.Dispose();
        _memory?.Dispose();
        _kvm.Dispose();
        _taken.Dispose();
    }
}
