using Understudy.Linux;

namespace Understudy.Transports.VfioUser;

/// <summary>Is told which of the machine's memory its devices may reach, as the machine says so: for hardware behind a device, which reaches
/// memory by itself. Called on the device's thread, one call at a time, before the machine is answered; must not throw.</summary>
public interface IMachineMemory
{
    /// <summary>A range is there now.</summary>
    /// <param name="address">Bus address of its first byte.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="file">The file it lies in, which is closed afterwards; null where it can be reached by messages only.</param>
    /// <param name="offset">Where in that file.</param>
    /// <param name="writable">Devices may write it.</param>
    void Mapped(ulong address, ulong bytes, FileDescriptor? file, ulong offset, bool writable);

    /// <summary>Every range that lies between these addresses, both included, is gone.</summary>
    void Unmapped(ulong first, ulong last);
}
