namespace Understudy.Pci;

/// <summary>PCI Express capability, version 2, of an endpoint on a trained 2.5 GT/s x1 link, able to do a function-level reset
/// (PCI Express Base 5.0, 7.5.3).</summary>
/// <param name="functionLevelReset">The function has FLR.</param>
public sealed class PciExpress(bool functionLevelReset = true) : Capability(0x10)
{
    Register? _deviceControl;
    Bits _maxPayload, _linkControl;
    Flag _initiateFlr;

    private protected override int Length => 0x3C;

    internal override void Attach(PciSlot slot, RegisterFile config)
    {
        if (functionLevelReset)
            config.OnWrite(_deviceControl!, write => { if (write.Sets(_initiateFlr)) ResetFunction(slot, config); });
    }

    // Both ends of a link agree on these, so the reset of one function leaves them alone (PCI Express Base 5.0, 6.6.2).
    void ResetFunction(PciSlot slot, RegisterFile config)
    {
        var (maxPayload, linkControl) = (config[_maxPayload], config[_linkControl]);
        slot.FunctionLevelReset();
        (config[_maxPayload], config[_linkControl]) = (maxPayload, linkControl);
    }

    private protected override void Declare(RegisterMap config)
    {
        config.R16(Offset + 0x02, reset: 0x0002, name: "PcieCapabilities");
        config.R32(Offset + 0x04, reset: 0x0000_8000u | (functionLevelReset ? 1u << 28 : 0), name: "DeviceCapabilities");
        _deviceControl = config.R16(Offset + 0x08, reset: 0x2810, name: "DeviceControl");
        _deviceControl.Rw(4, 0, "ErrorReportingAndRelaxedOrdering");
        _maxPayload = _deviceControl.Rw(7, 5, "MaxPayloadSize");
        _deviceControl.Rw(11, 8, "TagsAuxPowerNoSnoop");
        _deviceControl.Rw(14, 12, "MaxReadRequestSize");
        _initiateFlr = _deviceControl.Pulse(15, "InitiateFlr");
        var deviceStatus = config.R16(Offset + 0x0A, name: "DeviceStatus");
        deviceStatus.W1c(3, 0, "ErrorsDetected");
        config.R32(Offset + 0x0C, reset: 0x0040_0011, name: "LinkCapabilities");  // x1, 2.5 GT/s, no ASPM and allowed not to
        var linkControl = config.R16(Offset + 0x10, name: "LinkControl");
        linkControl.Rw(1, 0, "AspmControl");
        linkControl.Rw(3, "ReadCompletionBoundary");
        _linkControl = linkControl.Rw(9, 6, "ClockAndWidth");
        config.R16(Offset + 0x12, reset: 0x1011, name: "LinkStatus");             // x1 at 2.5 GT/s, slot clock
        config.R32(Offset + 0x14, name: "SlotCapabilities");
        config.R16(Offset + 0x18, name: "SlotControl");
        config.R16(Offset + 0x1A, name: "SlotStatus");
        config.R32(Offset + 0x1C, name: "RootControl");
        config.R32(Offset + 0x20, name: "RootStatus");
        config.R32(Offset + 0x24, reset: 0x0000_001F, name: "DeviceCapabilities2");
        config.R16(Offset + 0x28, name: "DeviceControl2").Rw(15, 0, "DeviceControl2Bits");
        config.R16(Offset + 0x2A, name: "DeviceStatus2");
        config.R32(Offset + 0x2C, reset: 0x0000_0002, name: "LinkCapabilities2");
        config.R16(Offset + 0x30, reset: 0x0001, name: "LinkControl2").Rw(15, 0, "LinkControl2Bits");
        config.R16(Offset + 0x32, name: "LinkStatus2");
        config.R32(Offset + 0x34, name: "SlotCapabilities2");
        config.R32(Offset + 0x38, name: "SlotControl2");
    }
}
