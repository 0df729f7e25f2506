namespace Understudy.Pci;

/// <summary>A machine made of one array: enough to test a model, or a user-space driver, with no kernel at all. Time stands still until the
/// test moves it, unless it brings a clock of its own.</summary>
public sealed class LoopbackBus : IPciBus
{
    readonly byte[] _memory;
    readonly int[] _interrupts = new int[2048];

    /// <summary>A machine with <paramref name="memorySize"/> bytes of memory from address 0.</summary>
    public LoopbackBus(int memorySize = 1 << 20, DeviceClock? clock = null)
    {
        _memory = new byte[memorySize];
        Time = clock as ManualClock ?? new ManualClock();
        Clock = clock ?? Time;
    }

    /// <summary>The clock a test moves; idle when the bus was given another kind.</summary>
    public ManualClock Time { get; }

    /// <inheritdoc/>
    public DeviceClock Clock { get; }

    /// <inheritdoc/>
    public bool IsPowered => true;

    /// <inheritdoc/>
    public bool OwnsMsixTable => false;

    /// <summary>All of its memory.</summary>
    public Span<byte> Memory => _memory;

    /// <summary>The INTx pin's level.</summary>
    public bool Intx { get; private set; }

    /// <summary>The last message sent.</summary>
    public MsiMessage LastMessage { get; private set; }

    /// <summary>Messages sent so far, by vector.</summary>
    public ReadOnlySpan<int> Interrupts => _interrupts;

    /// <inheritdoc/>
    public bool TryReadMemory(ulong address, Span<byte> destination)
    {
        if (!Holds(address, destination.Length)) return false;
        _memory.AsSpan((int)address, destination.Length).CopyTo(destination);
        return true;
    }

    /// <inheritdoc/>
    public bool TryWriteMemory(ulong address, ReadOnlySpan<byte> source)
    {
        if (!Holds(address, source.Length)) return false;
        source.CopyTo(_memory.AsSpan((int)address));
        return true;
    }

    /// <inheritdoc/>
    public void SetIntx(bool asserted) => Intx = asserted;

    /// <inheritdoc/>
    public void SendMessage(int vector, MsiMessage message)
    {
        _interrupts[vector]++;
        LastMessage = message;
    }

    bool Holds(ulong address, int length) => address <= (ulong)_memory.Length && (ulong)length <= (ulong)_memory.Length - address;
}
