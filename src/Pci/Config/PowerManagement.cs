namespace Understudy.Pci;

/// <summary>PCI Power Management Interface 1.2: D0 and D3hot, without a soft reset on the way back.</summary>
public sealed class PowerManagement() : Capability(0x01)
{
    Register? _controlStatus;
    Bits _powerState;
    Flag _pmeStatus;
    RegisterFile? _config;

    private protected override int Length => 8;

    /// <summary>The function is in D0, so that its memory and its bus mastering work. True before the device is in a slot.</summary>
    public bool InD0 => _config is null || IsInD0(_config);

    /// <summary>The device wants to be woken: sets PME Status. A machine that polls for it (Linux does where no root port tells it) sees it.</summary>
    public void RequestWake()
    {
        if (_config is not null) _config[_pmeStatus] = true;
    }

    internal bool IsInD0(RegisterFile config) => config[_powerState] == 0;

    internal override void Attach(PciSlot slot, RegisterFile config)
    {
        _config = config;
        config.OnWrite(_controlStatus!, write =>
        {
            // D1 and D2 are not there; such a write changes no state (PCI PM 1.2, 3.2.4).
            if (write[_powerState] is 1 or 2) config[_powerState] = (write.Old & _powerState.Mask) >> _powerState.Low;
            slot.CommandOrPowerWritten();
        });
    }

    private protected override void Declare(RegisterMap config)
    {
        config.R16(Offset + 2, reset: 0xC803, name: "PmCapabilities");      // version 3, PME from D0 and D3hot/cold
        _controlStatus = config.R16(Offset + 4, reset: 0x0008, name: "PmControlStatus");
        _powerState = _controlStatus.Rw(1, 0, "PowerState");
        _controlStatus.Ro(3, "NoSoftReset");
        _controlStatus.Rw(8, "PmeEnable");
        _pmeStatus = _controlStatus.W1c(15, "PmeStatus");
        config.R16(Offset + 6, name: "PmBridgeAndData");
    }
}
