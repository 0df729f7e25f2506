using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The register maps of <see cref="Ioat"/> (drivers/dma/ioat/registers.h and hw.h name them).</summary>
public static class IoatRegisters
{
    /// <summary>Most channels one function has.</summary>
    public const int MostChannels = 4;

    /// <summary>BAR 0: registers of the whole function, then one block a channel; the MSI-X structures lie at 0x2000 and 0x3000.</summary>
    public static readonly RegisterMap Map = new("IOAT", size: 0x4000);

    internal static readonly Register ChannelCount = Map.R8(0x00, name: "CHANCNT");
    internal static readonly Register TransferCapacity = Map.R8(0x01, name: "XFERCAP");
    internal static readonly Register GeneralControl = Map.R8(0x02, name: "GENCTRL").ReadWrite();
    internal static readonly Register InterruptControl = Map.R8(0x03, name: "INTRCTRL");
    internal static readonly Flag MasterInterruptEnable = InterruptControl.Rw(0);
    internal static readonly Flag InterruptStatus = InterruptControl.Ro(1);
    internal static readonly Flag InterruptPending = InterruptControl.Ro(2);
    internal static readonly Flag MsixVectorControl = InterruptControl.Rw(3);
    internal static readonly Register AttentionStatus = Map.R32(0x04, name: "ATTNSTATUS");
    internal static readonly Bits Attention = AttentionStatus.Rc(MostChannels - 1, 0);
    internal static readonly Register Version = Map.R8(0x08, reset: 0x32, name: "CBVER");
    internal static readonly Register PerPortOffset = Map.R16(0x0A, name: "PERPORTOFFSET");
    internal static readonly Register InterruptDelay = Map.R16(0x0C, reset: 0x8000, name: "INTRDELAY");
    internal static readonly Bits Delay = InterruptDelay.Rw(13, 0);
    internal static readonly Register DeviceStatus = Map.R16(0x0E, name: "CS_STATUS");
    internal static readonly Register Capability = Map.R32(0x10, name: "DMACAPABILITY");
    internal static readonly Register DcaOffset = Map.R16(0x14, name: "DCAOFFSET");

    internal static readonly RegisterBlock[] Channels =
        [.. Enumerable.Range(0, MostChannels).Select(n => Map.Include(0x80 * (n + 1), Channel.Map, $"CHAN{n}"))];

    /// <summary>The registers of one channel.</summary>
    public static class Channel
    {
        /// <summary>All of them.</summary>
        public static readonly RegisterMap Map = new("CHAN", size: 0x80);

        internal static readonly Register Control = Map.R16(0x00, name: "CHANCTRL");
        internal static readonly Flag InterruptDisarmed = Control.Ro(0);       // writing one re-arms
        internal static readonly Flag ErrorCompletionEnable = Control.Rw(2);
        internal static readonly Flag AnyErrorAbortEnable = Control.Rw(3);
        internal static readonly Flag ErrorInterruptEnable = Control.Rw(4);
        internal static readonly Flag DescriptorSnoop = Control.Rw(5);
        internal static readonly Flag ChannelInUse = Control.Rw(8);
        internal static readonly Flag CompletionDca = Control.Rw(9);
        internal static readonly Bits Priority = Control.Rw(15, 12);

        internal static readonly Register Compatibility = Map.R16(0x02, reset: 2, name: "DMA_COMP");

        internal static readonly Register Command = Map.R8(0x04, name: "CHANCMD");
        internal static readonly Flag Suspend = Command.Pulse(2);
        internal static readonly Flag Abort = Command.Pulse(3);
        internal static readonly Flag Resume = Command.Pulse(4);
        internal static readonly Flag Reset = Command.Pulse(5);

        internal static readonly Register DmaCount = Map.R16(0x06, name: "DMACOUNT").ReadWrite();

        internal static readonly Register Status = Map.R64(0x08, reset: (ulong)IoatState.Halted, name: "CHANSTS");
        internal static readonly Field<IoatState> State = Status.Ro<IoatState>(2, 0);
        internal static readonly Bits LastCompleted = Status.Ro(63, 6);

        internal static readonly Register ChainAddress = Map.R64(0x10, name: "CHAINADDR").ReadWrite();
        internal static readonly Register CompletionAddress = Map.R64(0x18, name: "CHANCMP").ReadWrite();
        internal static readonly Register CurrentDescriptor = Map.R64(0x20, name: "CDAR");
        internal static readonly Register Error = Map.R32(0x28, name: "CHANERR");
        internal static readonly Bits Errors = Error.W1c(31, 0);
        internal static readonly Register ErrorMask = Map.R32(0x2C, name: "CHANERR_MASK").ReadWrite();
        internal static readonly Register DcaControl = Map.R32(0x30, name: "DCACTRL").ReadWrite();
    }

    /// <summary>Error registers in the extended configuration space, from 0x148.</summary>
    public static class Uncorrectable
    {
        /// <summary>All of them.</summary>
        public static readonly RegisterMap Map = new("IOATERR", size: 0x40);

        internal static readonly Bits DmaStatus = Map.R32(0x00, name: "DMAUNCERRSTS").W1c(31, 0, "DmaErrors");
        internal static readonly Bits ChannelError = Map.R32(0x38, name: "CHANERR_INT").W1c(31, 0, "ChannelErrors");
        internal static readonly Register ChannelErrorMask = Map.R32(0x3C, name: "CHANERRMASK_INT").ReadWrite();
    }
}
