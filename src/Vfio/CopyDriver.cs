namespace Understudy.Vfio;

/// <summary>A user-space driver that can make a device copy memory and interrupt: the contract of the kernel's VFIO selftests
/// (tools/testing/selftests/vfio/lib/include/libvfio/vfio_pci_driver.h). A subclass drives one kind of device; this class holds callers and
/// subclasses to the contract.</summary>
/// <param name="device">The device, which the driver does not own.</param>
/// <param name="name">What the driver is called.</param>
public abstract class CopyDriver(VfioDevice device, string name) : IDisposable
{
    bool _initialised, _copying;

    /// <summary>The device.</summary>
    public VfioDevice Device { get; } = device;

    /// <summary>What the driver is called.</summary>
    public string Name { get; } = name;

    /// <summary>The fewest bytes one copy has.</summary>
    public virtual ulong LeastBytes => 1;

    /// <summary>Addresses and numbers of bytes are multiples of this.</summary>
    public virtual ulong Granule => 1;

    /// <summary>The most bytes one copy has.</summary>
    public abstract ulong MostBytes { get; }

    /// <summary>The most copies one start makes.</summary>
    public abstract ulong MostCopies { get; }

    /// <summary>The interrupt that <see cref="SendMsi"/> fires and that no copy does.</summary>
    public abstract Interrupt Msi { get; }

    /// <summary>Sets the device up.</summary>
    /// <exception cref="VfioException">The device does not do as it should.</exception>
    public void Init()
    {
        Require(!_initialised, "is initialised already");
        if (Device.VendorId == 0xFFFF) throw VfioDevice.Gone(Device.Name);
        OnInit();
        _initialised = true;
    }

    /// <summary>Stops the device. It may be set up again.</summary>
    public void Remove()
    {
        RequireIdle();
        OnRemove();
        _initialised = false;
    }

    /// <summary>Starts copying, and returns at once.</summary>
    /// <param name="source">Device address to copy from.</param>
    /// <param name="destination">Device address to copy to.</param>
    /// <param name="bytes">Of each copy: <see cref="LeastBytes"/> to <see cref="MostBytes"/>.</param>
    /// <param name="copies">How often the same is copied: 1 to <see cref="MostCopies"/>.</param>
    public void Start(ulong source, ulong destination, ulong bytes, ulong copies = 1)
    {
        RequireIdle();
        if (bytes < LeastBytes || bytes > MostBytes) throw new ArgumentOutOfRangeException(nameof(bytes), $"{Name} copies {LeastBytes} to {MostBytes} bytes at a time, not {bytes}");
        if (copies < 1 || copies > MostCopies) throw new ArgumentOutOfRangeException(nameof(copies), $"{Name} makes 1 to {MostCopies} copies at a time, not {copies}");
        if ((source | destination | bytes) % Granule != 0) throw new ArgumentException($"{Name} copies multiples of {Granule} bytes at multiples of {Granule}, not 0x{bytes:x} bytes from 0x{source:x} to 0x{destination:x}", nameof(bytes));
        OnStart(source, destination, bytes, copies);
        _copying = true;
    }

    /// <summary>Waits until the copies are done. No DMA is under way afterwards, and the device can be used again.</summary>
    /// <param name="timeout">How long; 30 s unless told.</param>
    /// <returns>False when the device reported an error.</returns>
    /// <exception cref="VfioException">The time went by.</exception>
    public bool Wait(TimeSpan? timeout = null)
    {
        Require(_initialised && _copying, "is copying nothing to wait for");
        _copying = false;
        return OnWait(timeout ?? TimeSpan.FromSeconds(30));
    }

    /// <summary>Copies and waits, in as many steps as the device needs. What would be too little for a last step is copied with bytes that were
    /// copied before, so the two ranges must not overlap.</summary>
    /// <returns>False when the device reported an error.</returns>
    public bool Copy(ulong source, ulong destination, ulong bytes)
    {
        for (ulong at = 0; at < bytes; at += MostBytes)
        {
            var step = Math.Min(MostBytes, bytes - at);
            if (step < LeastBytes && at > 0) (at, step) = (at - (LeastBytes - step), LeastBytes);
            Start(source + at, destination + at, step);
            if (!Wait()) return false;
        }
        return true;
    }

    /// <summary>Makes the device fire <see cref="Msi"/>, once.</summary>
    public void SendMsi()
    {
        RequireIdle();
        OnSendMsi();
    }

    /// <summary>Stops the device if it is set up.</summary>
    public void Dispose()
    {
        if (_initialised) OnRemove();
        _initialised = _copying = false;
        GC.SuppressFinalize(this);
    }

    /// <summary>Sets the device up.</summary>
    protected abstract void OnInit();

    /// <summary>Stops the device, whatever it was doing.</summary>
    protected abstract void OnRemove();

    /// <summary>Starts the copies.</summary>
    protected abstract void OnStart(ulong source, ulong destination, ulong bytes, ulong copies);

    /// <summary>Waits for them; false on an error the device reports.</summary>
    protected abstract bool OnWait(TimeSpan timeout);

    /// <summary>Makes the device send the message.</summary>
    protected abstract void OnSendMsi();

    void RequireIdle()
    {
        Require(_initialised, "is not initialised");
        Require(!_copying, "is copying; wait for it first");
    }

    void Require(bool condition, string what)
    {
        if (!condition) throw new InvalidOperationException($"{Name} on {Device.Name} {what}");
    }
}
