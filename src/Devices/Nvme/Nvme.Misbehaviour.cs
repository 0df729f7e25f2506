using static Understudy.Devices.NvmeRegisters;

namespace Understudy.Devices;

/// <content>What a test or an operator may make it do.</content>
public sealed partial class Nvme
{
    /// <summary>The next I/O commands are carried out, and never completed: their completions are lost. Aborting them comes too late.</summary>
    public void LoseNextCompletion(int commands = 1) => Queues.Misbehaviour.Arm(NvmeFault.Lose, commands);

    /// <summary>The next I/O commands are not carried out and end with a status.</summary>
    /// <param name="status">What they end with.</param>
    /// <param name="commands">How many.</param>
    /// <param name="doNotRetry">Whether the driver is told that trying again is of no use.</param>
    public void FailNext(NvmeStatus status, int commands = 1, bool doNotRetry = true) => Queues.Misbehaviour.Arm(NvmeFault.Fail, commands, status, doNotRetry);

    /// <summary>The next I/O commands stay where they are until they are aborted.</summary>
    public void HoldNext(int commands = 1) => Queues.Misbehaviour.Arm(NvmeFault.Hold, commands);

    /// <summary>The next I/O commands take longer by so many nanoseconds of device time.</summary>
    public void DelayNext(long nanoseconds, int commands = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanoseconds);
        Queues.Misbehaviour.Arm(NvmeFault.Delay, commands, delay: nanoseconds);
    }

    /// <summary>The next I/O commands are completed twice.</summary>
    public void DuplicateNextCompletion(int commands = 1) => Queues.Misbehaviour.Arm(NvmeFault.Duplicate, commands);

    /// <summary>The next completions have the wrong phase tag: the driver does not see them.</summary>
    public void NextCompletionInWrongPhase(int commands = 1) => Queues.Misbehaviour.Arm(NvmeFault.WrongPhase, commands);

    /// <summary>The next completions name a command that was never submitted.</summary>
    public void NextCompletionForWrongCommand(int commands = 1) => Queues.Misbehaviour.Arm(NvmeFault.WrongCommandId, commands);

    /// <summary>Ends what was ordered for the next commands.</summary>
    public void BehaveAgain() => Queues.Misbehaviour.Clear();

    /// <summary>Admin commands are not heard. Ends when the driver resets the controller.</summary>
    public bool AdminHangs
    {
        get => Queues.AdminHangs;
        set
        {
            Queues.AdminHangs = value;
            Queues.Kick();
        }
    }

    /// <summary>While set, the controller does not become ready when it is enabled.</summary>
    public bool NeverReady { get; set; }

    /// <summary>A fatal error: CSTS.CFS is set and nothing goes on until the driver resets the controller.</summary>
    public void GoFatal()
    {
        _registers[CFS] = true;
        Queues.Stop();
    }

    /// <summary>The composite temperature in kelvin. Crossing a threshold is an asynchronous event, where the driver asked for it.</summary>
    public ushort Temperature
    {
        get => Health.Temperature;
        set
        {
            Health.Temperature = value;
            CheckTemperature();
        }
    }

    /// <summary>Gives a namespace another size, as another host's management would, and tells the driver where it asked for that. What lies past
    /// a smaller end is lost.</summary>
    /// <exception cref="ArgumentException">There is no such namespace, or it cannot have that size.</exception>
    public void Resize(uint nsid, long bytes)
    {
        var space = Existing(nsid);
        if (bytes <= 0 || bytes % space.BlockSize != 0 || bytes > space.Media.Length)
            throw new ArgumentException($"Namespace {nsid} can have 1 to {space.Media.Length / space.BlockSize} blocks of {space.BlockSize} bytes, not {bytes} bytes", nameof(bytes));
        if (bytes < space.Bytes) space.Media.Discard(bytes, space.Bytes - bytes);
        space.Bytes = bytes;
        Changed(nsid);
    }

    /// <summary>Takes a namespace away from the driver, or gives it back, and tells the driver where it asked for that.</summary>
    /// <exception cref="ArgumentException">There is no such namespace.</exception>
    public void Attach(uint nsid, bool attached)
    {
        var space = Existing(nsid);
        if (space.IsAttached == attached) return;
        space.IsAttached = attached;
        Changed(nsid);
    }

    void Changed(uint nsid)
    {
        Logs.NamespaceChanged(nsid);
        if (Features.WantsNamespaceNotices) Events.NamespaceChanged();
    }

    NvmeNamespace Existing(uint nsid) => IsNamespaceId(nsid) ? NamespaceArray[nsid - 1]
        : throw new ArgumentException($"There is no namespace {nsid}; there are 1 to {NamespaceArray.Length}", nameof(nsid));
}
