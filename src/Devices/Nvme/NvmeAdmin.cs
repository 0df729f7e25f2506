namespace Understudy.Devices;

/// <summary>The admin command set (NVM Express Base 1.4, 5).</summary>
sealed class NvmeAdmin(Nvme nvme, NvmeIdentify identify)
{
    /// <summary>Of a command that is answered later, or never.</summary>
    public const NvmeStatus NoCompletion = (NvmeStatus)0xFFFF;

    readonly byte[] _page = new byte[4096];
    readonly PrpTransfer _prp = new(nvme);

    public NvmeStatus Execute(in NvmeCommand command, out uint result)
    {
        result = 0;
        if (!command.IsPlain) return NvmeStatus.InvalidField;
        return command.Opcode switch
        {
            AdminOpcode.DeleteSq => DeleteSubmissionQueue(command),
            AdminOpcode.CreateSq => CreateSubmissionQueue(command),
            AdminOpcode.GetLogPage => GetLogPage(command),
            AdminOpcode.DeleteCq => DeleteCompletionQueue(command),
            AdminOpcode.CreateCq => CreateCompletionQueue(command),
            AdminOpcode.Identify => Identify(command),
            AdminOpcode.Abort => Abort(command, out result),
            AdminOpcode.SetFeatures => SetFeatures(command, out result),
            AdminOpcode.GetFeatures => GetFeatures(command, out result),
            AdminOpcode.AsyncEventRequest => nvme.Events.Request(command.CommandId),
            AdminOpcode.FormatNvm => Format(command),
            _ => NvmeStatus.InvalidOpcode,
        };
    }

    NvmeStatus CreateCompletionQueue(in NvmeCommand command)
    {
        var (id, size, vector) = ((int)(command.Dword10 & 0xFFFF), (int)(command.Dword10 >> 16) + 1, (int)(command.Dword11 >> 16));
        if (id == 0 || id > nvme.Features.Queues.Completion || nvme.Queues.HasCompletion(id)) return NvmeStatus.InvalidQueueIdentifier;
        if (size is < 2 or > NvmeRegisters.MostEntries || !nvme.EntrySizesSet) return NvmeStatus.InvalidQueueSize;
        if ((command.Dword11 & 1) == 0) return NvmeStatus.InvalidField;     // CAP.CQR: queues are contiguous
        if (vector > nvme.MostIoQueues) return NvmeStatus.InvalidInterruptVector;
        if (!nvme.BeginsPage(command.Prp1)) return NvmeStatus.PrpOffsetInvalid;
        nvme.Queues.AddCompletion(new CompletionQueue((ushort)id, command.Prp1, size, vector, (command.Dword11 & 2) != 0));
        return NvmeStatus.Success;
    }

    NvmeStatus CreateSubmissionQueue(in NvmeCommand command)
    {
        var (id, size, completions) = ((int)(command.Dword10 & 0xFFFF), (int)(command.Dword10 >> 16) + 1, (int)(command.Dword11 >> 16));
        if (id == 0 || id > nvme.Features.Queues.Submission || nvme.Queues.HasSubmission(id)) return NvmeStatus.InvalidQueueIdentifier;
        if (completions == 0 || completions > nvme.Features.Queues.Completion) return NvmeStatus.InvalidQueueIdentifier;
        if (!nvme.Queues.HasCompletion(completions)) return NvmeStatus.CompletionQueueInvalid;
        if (size is < 2 or > NvmeRegisters.MostEntries || !nvme.EntrySizesSet) return NvmeStatus.InvalidQueueSize;
        if ((command.Dword11 & 1) == 0) return NvmeStatus.InvalidField;
        if (!nvme.BeginsPage(command.Prp1)) return NvmeStatus.PrpOffsetInvalid;
        nvme.Queues.AddSubmission((ushort)id, command.Prp1, size, completions);
        return NvmeStatus.Success;
    }

    NvmeStatus DeleteSubmissionQueue(in NvmeCommand command)
    {
        var id = (int)(command.Dword10 & 0xFFFF);
        if (id == 0 || !nvme.Queues.HasSubmission(id)) return NvmeStatus.InvalidQueueIdentifier;
        nvme.Queues.DeleteSubmission(id);
        return NvmeStatus.Success;
    }

    NvmeStatus DeleteCompletionQueue(in NvmeCommand command)
    {
        var id = (int)(command.Dword10 & 0xFFFF);
        if (id == 0 || !nvme.Queues.HasCompletion(id)) return NvmeStatus.InvalidQueueIdentifier;
        return nvme.Queues.DeleteCompletion(id) ? NvmeStatus.Success : NvmeStatus.InvalidQueueDeletion;
    }

    NvmeStatus Identify(in NvmeCommand command)
    {
        Array.Clear(_page);
        var status = identify.Fill((int)(command.Dword10 & 0xFF), command.Nsid, command.Dword11 >> 24, _page);
        return status == NvmeStatus.Success ? _prp.ToHost(command, _page) : status;
    }

    NvmeStatus GetLogPage(in NvmeCommand command)
    {
        var log = (int)(command.Dword10 & 0xFF);
        var wanted = ((ulong)(command.Dword11 & 0xFFFF) << 16 | command.Dword10 >> 16) * 4 + 4;
        var offset = (ulong)command.Dword13 << 32 | command.Dword12;
        if (command.Nsid is not (0 or NvmeCommand.AllNamespaces)) return NvmeStatus.InvalidField;
        if ((offset & 3) != 0 || wanted > PrpTransfer.MostBytes) return NvmeStatus.InvalidField;
        var status = nvme.Logs.Read(log, retainEvent: (command.Dword10 >> 15 & 1) != 0, out var page);
        if (status != NvmeStatus.Success) return status;
        if (offset > (ulong)page.Length) return NvmeStatus.InvalidField;
        // Past a page's end nothing is defined: what would lie there is not written.
        var part = page[(int)offset..];
        return _prp.ToHost(command, part[..(int)Math.Min((ulong)part.Length, wanted)]);
    }

    NvmeStatus SetFeatures(in NvmeCommand command, out uint result)
    {
        result = 0;
        var data = _page.AsSpan(0, NvmeFeatures.DataBytes(command));
        var status = _prp.FromHost(command, data);
        return status == NvmeStatus.Success ? nvme.Features.Set(command, data, out result) : status;
    }

    NvmeStatus GetFeatures(in NvmeCommand command, out uint result)
    {
        var status = nvme.Features.Get(command, _page, out result, out var bytes);
        return status == NvmeStatus.Success ? _prp.ToHost(command, _page.AsSpan(0, bytes)) : status;
    }

    NvmeStatus Abort(in NvmeCommand command, out uint result)
    {
        var (queue, commandId) = ((int)(command.Dword10 & 0xFFFF), (ushort)(command.Dword10 >> 16));
        result = nvme.Queues.Abort(queue, commandId) || (queue == 0 && nvme.Events.Abort(commandId)) ? 0u : 1;
        return NvmeStatus.Success;
    }

    NvmeStatus Format(in NvmeCommand command)
    {
        var format = (int)(command.Dword10 & 15);
        if (format >= NvmeNamespace.Formats.Length || (command.Dword10 >> 5 & 7) != 0) return NvmeStatus.InvalidFormat;    // and no protection
        if ((command.Dword10 >> 9 & 7) > 1) return NvmeStatus.InvalidField;                                                // no cryptographic erase
        if (command.Nsid != NvmeCommand.AllNamespaces && nvme.Attached(command.Nsid) is null) return NvmeStatus.InvalidNamespace;
        foreach (var space in nvme.NamespaceArray)
            if (command.Nsid == NvmeCommand.AllNamespaces || space.Id == command.Nsid)
            {
                if (space.Bytes % NvmeNamespace.Formats[format] != 0) return NvmeStatus.InvalidFormat;
                if (!space.Media.Discard(0, space.Bytes)) return NvmeStatus.WriteFault;
                space.BlockSize = NvmeNamespace.Formats[format];
            }
        return NvmeStatus.Success;
    }
}
