using System.Buffers.Binary;
using System.Text;

namespace Understudy.Devices;

/// <summary>The log pages (NVM Express Base 1.4, 5.14).</summary>
sealed class NvmeLogs(Nvme nvme)
{
    public const int ErrorInformation = 1, Health = 2, FirmwareSlot = 3, ChangedNamespaces = 4, CommandsSupported = 5;
    public const int ErrorEntries = 64, ErrorEntryBytes = 64;

    const int LongestPage = 4096;
    const uint Supported = 1, ChangesContent = 1 << 1, ChangesNamespace = 1 << 2, ChangesInventory = 1 << 3;
    readonly byte[] _page = new byte[LongestPage];
    readonly byte[] _errors = new byte[ErrorEntries * ErrorEntryBytes];     // the newest first
    readonly List<uint> _changed = new(Nvme.MostNamespaces);
    ulong _errorCount;

    /// <summary>A command that failed.</summary>
    public void CommandFailed(int queue, in NvmeCommand command, NvmeStatus status)
        => Add(queue, command.CommandId, status, command.StartingBlock, command.Nsid);

    /// <summary>Something the host did wrong outside any command.</summary>
    public void HostError(int queue, NvmeStatus status) => Add(queue, 0xFFFF, status, 0, 0);

    public void NamespaceChanged(uint nsid)
    {
        if (!_changed.Contains(nsid)) _changed.Add(nsid);
        _changed.Sort();
    }

    /// <summary>A page's bytes, made anew; they hold until the next call.</summary>
    public NvmeStatus Read(int log, bool retainEvent, out ReadOnlySpan<byte> page)
    {
        page = default;
        var fill = _page.AsSpan();
        fill.Clear();
        switch (log)
        {
            case ErrorInformation: _errors.CopyTo(fill); break;
            case Health: nvme.Health.Fill(fill = fill[..512], nvme.IsTooHot, _errorCount); break;
            case FirmwareSlot: (fill = fill[..512])[0] = 1; Encoding.ASCII.GetBytes(NvmeIdentify.Firmware, fill[8..]); break;
            case ChangedNamespaces: ListChanged(fill); break;
            case CommandsSupported: ListCommands(fill); break;
            default: return NvmeStatus.InvalidLogPage;
        }
        page = fill;
        if (retainEvent) return NvmeStatus.Success;
        if (log == ChangedNamespaces) _changed.Clear();
        nvme.Events.LogRead(log);
        return NvmeStatus.Success;
    }

    public void Reset() => _changed.Clear();

    public void PowerOn()
    {
        Reset();
        Array.Clear(_errors);
        _errorCount = 0;
    }

    void Add(int queue, int commandId, NvmeStatus status, ulong block, uint nsid)
    {
        var errors = _errors.AsSpan();
        errors[..^ErrorEntryBytes].CopyTo(errors[ErrorEntryBytes..]);
        var entry = errors[..ErrorEntryBytes];
        entry.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(entry, ++_errorCount);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[8..], (ushort)queue);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[10..], (ushort)commandId);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[12..], (ushort)((uint)status << 1));
        BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], block);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[24..], nsid);
    }

    void ListChanged(Span<byte> page)
    {
        for (var i = 0; i < _changed.Count; i++) BinaryPrimitives.WriteUInt32LittleEndian(page[(4 * i)..], _changed[i]);
    }

    static void ListCommands(Span<byte> page)
    {
        foreach (var opcode in (ReadOnlySpan<byte>)[AdminOpcode.DeleteSq, AdminOpcode.CreateSq, AdminOpcode.GetLogPage, AdminOpcode.DeleteCq, AdminOpcode.CreateCq,
            AdminOpcode.Identify, AdminOpcode.Abort, AdminOpcode.SetFeatures, AdminOpcode.GetFeatures, AdminOpcode.AsyncEventRequest])
            BinaryPrimitives.WriteUInt32LittleEndian(page[(4 * opcode)..], Supported);
        BinaryPrimitives.WriteUInt32LittleEndian(page[(4 * AdminOpcode.FormatNvm)..], Supported | ChangesContent | ChangesNamespace | ChangesInventory);
        foreach (var opcode in (ReadOnlySpan<byte>)[IoOpcode.Flush, IoOpcode.Read, IoOpcode.Compare])
            BinaryPrimitives.WriteUInt32LittleEndian(page[(1024 + 4 * opcode)..], Supported);
        foreach (var opcode in (ReadOnlySpan<byte>)[IoOpcode.Write, IoOpcode.WriteZeroes, IoOpcode.DatasetManagement])
            BinaryPrimitives.WriteUInt32LittleEndian(page[(1024 + 4 * opcode)..], Supported | ChangesContent);
    }
}
