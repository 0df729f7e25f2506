namespace Understudy.Devices;

/// <summary>A completion queue in host memory.</summary>
sealed class CompletionQueue(ushort id, ulong address, int size, int vector, bool interrupts)
{
    public ushort Id { get; } = id;
    public int Size { get; } = size;
    public int Vector { get; } = vector;
    public bool Interrupts { get; } = interrupts;
    public int Head { get; set; }
    public int Tail { get; private set; }
    public bool Phase { get; private set; } = true;

    /// <summary>Entries promised to commands already fetched: none is fetched that could not be answered.</summary>
    public int Reserved { get; set; }

    /// <summary>Something was posted since the last interrupt.</summary>
    public bool ToSignal { get; set; }

    public int Used => Tail >= Head ? Tail - Head : Tail + Size - Head;

    public int Free => Size - 1 - Used;

    public ulong TailAddress => address + (ulong)Tail * NvmeCompletion.Size;

    public void Advance()
    {
        if (++Tail < Size) return;
        Tail = 0;
        Phase = !Phase;
    }
}

/// <summary>A submission queue in host memory.</summary>
sealed class SubmissionQueue(ushort id, ulong address, int size, CompletionQueue completions)
{
    public ushort Id { get; } = id;
    public int Size { get; } = size;
    public CompletionQueue Completions { get; } = completions;
    public int Head { get; private set; }
    public int Tail { get; set; }

    public bool IsEmpty => Head == Tail;

    public ulong HeadAddress => address + (ulong)Head * NvmeCommand.Size;

    public void Advance() => Head = Head + 1 == Size ? 0 : Head + 1;
}

/// <summary>A command fetched and not yet completed.</summary>
sealed class OutstandingCommand
{
    public NvmeCommand Command;

    /// <summary>Where it came from; null when it was taken away while it waited.</summary>
    public SubmissionQueue? Queue { get; set; }

    /// <summary>When a delayed command goes on; <see cref="long.MaxValue"/> for one that never does.</summary>
    public long Due { get; set; }

    public bool IsDelayed { get; set; }
}
