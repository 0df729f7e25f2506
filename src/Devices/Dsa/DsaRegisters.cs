using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The register maps of <see cref="Dsa"/> (drivers/dma/idxd/registers.h names them).</summary>
public static class DsaRegisters
{
    /// <summary>Work queues of the function.</summary>
    public const int WorkQueues = 8;

    /// <summary>Groups of the function.</summary>
    public const int Groups = 4;

    /// <summary>Engines of the function.</summary>
    public const int Engines = 4;

    /// <summary>Descriptors that all work queues hold together.</summary>
    public const int TotalQueueSize = 128;

    internal const int MostBatchShift = 10, ReadBuffers = 96;
    internal const int GroupTable = 0x1000, QueueTable = 0x2000, PermissionTable = 0x3000, MsixTable = 0x8000, MsixPending = 0x9000;

    /// <summary>BAR 0: registers of the whole function, then the tables that the offset registers point to.</summary>
    public static readonly RegisterMap Map = new("DSA", size: 0x1_0000);

    internal static readonly Register Version = Map.R32(0x00, reset: 0x100, name: "VERSION");

    internal static readonly Register GeneralCapability = Map.R64(0x10, name: "GENCAP");
    internal static readonly Flag BlockOnFaultSupport = GeneralCapability.Ro(0);
    internal static readonly Flag OverlappingCopySupport = GeneralCapability.Ro(1);
    internal static readonly Bits CacheControlSupport = GeneralCapability.Ro(3, 2);
    internal static readonly Flag CommandCapabilitySupport = GeneralCapability.Ro(4);
    internal static readonly Bits MaximumTransferShift = GeneralCapability.Ro(20, 16);
    internal static readonly Bits MaximumBatchShift = GeneralCapability.Ro(24, 21);
    internal static readonly Flag ConfigurationSupport = GeneralCapability.Ro(31);

    internal static readonly Register QueueCapability = Map.R64(0x20, name: "WQCAP");
    internal static readonly Bits TotalSize = QueueCapability.Ro(15, 0);
    internal static readonly Bits QueueCount = QueueCapability.Ro(23, 16);
    internal static readonly Bits QueueConfigurationSize = QueueCapability.Ro(27, 24);
    internal static readonly Flag SharedModeSupport = QueueCapability.Ro(48);
    internal static readonly Flag DedicatedModeSupport = QueueCapability.Ro(49);
    internal static readonly Flag AtsControl = QueueCapability.Ro(50);
    internal static readonly Flag PrioritySupport = QueueCapability.Ro(51);
    internal static readonly Flag OccupancySupport = QueueCapability.Ro(52);

    internal static readonly Register GroupCapability = Map.R64(0x30, name: "GRPCAP");
    internal static readonly Bits GroupCount = GroupCapability.Ro(7, 0);
    internal static readonly Bits ReadBufferCount = GroupCapability.Ro(15, 8);
    internal static readonly Bits ReadBufferControls = GroupCapability.Ro(17, 16);

    internal static readonly Register EngineCapability = Map.R64(0x38, reset: Engines, name: "ENGCAP");
    internal static readonly RegisterArray OperationCapability = Map.Array(0x40, 4, bytes: 8, name: "OPCAP");
    internal static readonly Register TableOffsets = Map.R64(0x60, reset: (ulong)PermissionTable >> 8 << 32 | QueueTable >> 8 << 16 | GroupTable >> 8, name: "OFFSETS");
    internal static readonly Register MoreTableOffsets = Map.R64(0x68, name: "OFFSETS2");

    internal static readonly Register GeneralConfiguration = Map.R32(0x80, name: "GENCFG");
    internal static readonly Bits GlobalReadBufferLimit = GeneralConfiguration.Rw(7, 0);
    internal static readonly Flag UserInterruptEnable = GeneralConfiguration.Rw(12);

    internal static readonly Register GeneralControl = Map.R32(0x88, name: "GENCTRL");
    internal static readonly Flag SoftwareErrorInterruptEnable = GeneralControl.Rw(0);
    internal static readonly Flag HaltInterruptEnable = GeneralControl.Rw(1);

    internal static readonly Register GeneralStatus = Map.R32(0x90, name: "GENSTS");
    internal static readonly Field<DsaState> State = GeneralStatus.Ro<DsaState>(1, 0);
    internal static readonly Field<DsaReset> ResetType = GeneralStatus.Ro<DsaReset>(3, 2);

    internal static readonly Register InterruptCause = Map.R32(0x98, name: "INTCAUSE");
    internal static readonly Flag SoftwareErrorCause = InterruptCause.W1c(0);
    internal static readonly Flag CommandCause = InterruptCause.W1c(1);
    internal static readonly Flag OccupancyCause = InterruptCause.W1c(2);
    internal static readonly Flag PerformanceCause = InterruptCause.W1c(3);
    internal static readonly Flag HaltCause = InterruptCause.W1c(4);

    internal static readonly Register Command = Map.R32(0xA0, name: "CMD");
    internal static readonly Bits Operand = Command.Rw(19, 0);
    internal static readonly Field<DsaCommand> CommandCode = Command.Rw<DsaCommand>(24, 20);
    internal static readonly Flag InterruptRequested = Command.Rw(31);

    internal static readonly Register CommandStatus = Map.R32(0xA8, name: "CMDSTS");
    internal static readonly Field<DsaCommandError> CommandError = CommandStatus.Ro<DsaCommandError>(7, 0);
    internal static readonly Bits CommandResult = CommandStatus.Ro(23, 8);
    internal static readonly Flag CommandActive = CommandStatus.Ro(31);

    internal static readonly Register CommandCapability = Map.R32(0xB0, name: "CMDCAP");

    internal static readonly Register SoftwareError = Map.R64(0xC0, name: "SWERR0");
    internal static readonly Flag ErrorValid = SoftwareError.W1c(0);
    internal static readonly Flag ErrorOverflow = SoftwareError.W1c(1);
    internal static readonly Bits ErrorDetails = SoftwareError.Ro(63, 2);
    internal static readonly Register SoftwareErrorBatch = Map.R64(0xC8, name: "SWERR1");
    internal static readonly Register SoftwareErrorAddress = Map.R64(0xD0, name: "SWERR2");
    internal static readonly Register SoftwareErrorReserved = Map.R64(0xD8, name: "SWERR3");

    internal static readonly RegisterBlock[] GroupConfiguration = [.. Enumerable.Range(0, Groups).Select(n => Map.Include(GroupTable + n * 64, Group.Map, $"GRPCFG{n}"))];
    internal static readonly RegisterBlock[] QueueConfiguration = [.. Enumerable.Range(0, WorkQueues).Select(n => Map.Include(QueueTable + n * 32, Queue.Map, $"WQCFG{n}"))];
    internal static readonly RegisterArray MsixPermission = Map.Array(PermissionTable, WorkQueues + 1, bytes: 8, name: "MSIXPERM").ReadWrite();

    /// <summary>What one group is made of.</summary>
    public static class Group
    {
        /// <summary>All of it.</summary>
        public static readonly RegisterMap Map = new("GRPCFG", size: 64);

        internal static readonly RegisterArray Queues = Map.Array(0, 4, bytes: 8, name: "GRPWQCFG").ReadWrite();
        internal static readonly Register Engines = Map.R64(32, name: "GRPENGCFG").ReadWrite();
        internal static readonly Register Flags = Map.R64(40, name: "GRPFLAGS").ReadWrite();
        internal static readonly RegisterArray Reserved = Map.Array(48, 2, bytes: 8);
    }

    /// <summary>How one work queue works.</summary>
    public static class Queue
    {
        /// <summary>All of it.</summary>
        public static readonly RegisterMap Map = new("WQCFG", size: 32);

        internal static readonly Register SizeRegister = Map.R32(0, name: "WQSIZE");
        internal static readonly Bits Size = SizeRegister.Rw(15, 0);
        internal static readonly Register ThresholdRegister = Map.R32(4, name: "WQTHRESHOLD");
        internal static readonly Bits Threshold = ThresholdRegister.Rw(15, 0);

        internal static readonly Register ModeRegister = Map.R32(8, name: "WQMODE");
        internal static readonly Flag Dedicated = ModeRegister.Rw(0);
        internal static readonly Flag BlockOnFault = ModeRegister.Rw(1);
        internal static readonly Flag AtsDisable = ModeRegister.Rw(2);
        internal static readonly Flag PrsDisable = ModeRegister.Rw(3);
        internal static readonly Bits Priority = ModeRegister.Rw(7, 4);
        internal static readonly Bits Pasid = ModeRegister.Rw(27, 8);
        internal static readonly Flag PasidEnable = ModeRegister.Rw(28);
        internal static readonly Flag Privileged = ModeRegister.Rw(29);

        internal static readonly Register LimitRegister = Map.R32(12, name: "WQLIMITS");
        internal static readonly Bits TransferShift = LimitRegister.Rw(4, 0);
        internal static readonly Bits BatchShift = LimitRegister.Rw(8, 5);

        internal static readonly Register OccupancyInterrupt = Map.R32(16, name: "WQOCCUPINTHANDLE").ReadWrite();
        internal static readonly Register OccupancyLimit = Map.R32(20, name: "WQOCCUPLIMIT").ReadWrite();

        internal static readonly Register StatusRegister = Map.R32(24, name: "WQSTATUS");
        internal static readonly Bits Occupancy = StatusRegister.Ro(15, 0);
        internal static readonly Bits State = StatusRegister.Ro(31, 30);
        internal static readonly Register Reserved = Map.R32(28);
    }

    /// <summary>BAR 2: where descriptors are written, four pages a work queue.</summary>
    public static class Portals
    {
        /// <summary>All of them.</summary>
        public static readonly RegisterMap Map = new("DSAPORTAL", size: WorkQueues * 4 * DsaPortals.PageBytes);

        internal static readonly MemoryWindow Pages = Map.Memory(0, WorkQueues * 4 * DsaPortals.PageBytes);
    }
}
