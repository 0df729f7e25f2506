using Understudy.Devices;

namespace Understudy.Vfio;

/// <summary>A submission queue and its completion queue, of one page each, from the driver's side (NVM Express Base 1.4, 4.1).</summary>
sealed class NvmeQueuePair(BarView card, DmaBuffer memory, int id, ulong offset)
{
    public const int Entries = 64;
    public const ulong PageBytes = Entries * NvmeCommand.Size;
    int _tail, _head;
    bool _phase = true;

    public int Id => id;

    public ulong Submissions => memory.Iova + offset;

    public ulong Completions => memory.Iova + offset + PageBytes;

    /// <summary>Commands that have not been completed; there may be <see cref="Entries"/> - 1.</summary>
    public int Outstanding { get; private set; }

    public bool HasRoom => Outstanding < Entries - 1;

    public void Submit(NvmeCommand command)
    {
        command.CommandId = (ushort)_tail;
        memory.Write(offset + (ulong)_tail * NvmeCommand.Size, command);
        _tail = (_tail + 1) % Entries;
        Outstanding++;
        card[NvmeRegisters.SQTDBL[id]] = (ulong)_tail;
    }

    /// <summary>The next completion, if there is one: its status without the phase, 0 where all went well.</summary>
    public bool TryTake(out int status)
    {
        var at = offset + PageBytes + (ulong)_head * NvmeCompletion.Size;
        status = memory.Read<ushort>(at + NvmeCompletion.Size - sizeof(ushort));
        if ((status & 1) != 0 != _phase) return false;
        status >>= 1;
        _head = (_head + 1) % Entries;
        _phase ^= _head == 0;
        Outstanding--;
        card[NvmeRegisters.CQHDBL[id]] = (ulong)_head;
        return true;
    }
}
