using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The RTL8211B inside the chip: the registers of IEEE 802.3 clause 22 on page 0, plain storage on every other page, and
/// auto-negotiation with whatever the cable leads to.</summary>
sealed class MdioPhy
{
    const int Control = 0, Status = 1, Id1 = 2, Id2 = 3, Advertisement = 4, PartnerAbility = 5, Expansion = 6,
        GigabitControl = 9, GigabitStatus = 10, ExtendedStatus = 15, PageSelect = 31;
    const int ControlReset = 1 << 15, AutoNegotiate = 1 << 12, PowerDown = 1 << 11, Isolate = 1 << 10, Restart = 1 << 9;
    const int NegotiationComplete = 1 << 5, StatusLink = 1 << 2, StatusAbilities = 0x7949;
    const int MostStored = 4096;

    readonly Dictionary<int, ushort> _stored = [];
    readonly ushort[] _standard = new ushort[16];
    readonly Action _linkChanged;
    readonly Action<string, string> _report;
    DeviceTimer? _resetDone, _negotiated;
    bool _cable, _linkLatch; // set by the read after the link came up: the bit latches low
    ushort _page;

    public MdioPhy(Action linkChanged, Action<string, string> report)
    {
        (_linkChanged, _report) = (linkChanged, report);
        ToDefaults();
    }

    /// <summary>Megabits per second of the link, or 0.</summary>
    public int Speed { get; private set; }

    public bool IsFullDuplex { get; private set; }

    public bool LinkUp => Speed != 0;

    public bool CablePluggedIn
    {
        get => _cable;
        set
        {
            if (_cable == value) return;
            _cable = value;
            Renegotiate();
        }
    }

    public LinkPartner Partner
    {
        get;
        set
        {
            field = value;
            Renegotiate();
        }
    } = LinkPartner.Gigabit;

    public void PluggedIn(Func<Action, string, DeviceTimer> timer)
    {
        _resetDone = timer(ResetDone, "PHY reset done");
        _negotiated = timer(Negotiated, "PHY negotiated");
        Renegotiate();
    }

    /// <summary>The chip's reset pin: everything to its defaults, and a new negotiation.</summary>
    public void Reset()
    {
        _stored.Clear();
        ToDefaults();
        (Speed, _linkLatch) = (0, false);
        Renegotiate();
    }

    public ushort Read(int register)
    {
        if (register == PageSelect) return _page;
        if (_page != 0 || register >= _standard.Length || register is 13 or 14) return _stored.GetValueOrDefault(_page << 5 | register);
        if (register != Status) return _standard[register];
        var status = StatusAbilities | (_standard[Status] & NegotiationComplete) | (_linkLatch ? StatusLink : 0);
        _linkLatch = LinkUp;
        return (ushort)status;
    }

    public void Write(int register, ushort value)
    {
        if (register == PageSelect) _page = value;
        else if (_page != 0 || register >= _standard.Length || register is 13 or 14) Store(_page << 5 | register, value);
        else if (register == Control) WriteControl(value);
        else if (register is Advertisement or GigabitControl) _standard[register] = value;
    }

    void Store(int key, ushort value)
    {
        if (_stored.Count < MostStored || _stored.ContainsKey(key)) _stored[key] = value;
        else _report("phy-storage-full", $"the driver wrote more than {MostStored} PHY registers; PHY page 0x{_page:x} register {key & 31} was not stored");
    }

    void WriteControl(ushort value)
    {
        var old = _standard[Control];
        if ((value & ControlReset) != 0)
        {
            ToDefaults();
            _standard[Control] |= ControlReset;
            LinkDown();
            _negotiated?.Cancel();
            _resetDone?.Arm(Rtl8111Timing.PhyReset);
            return;
        }
        _standard[Control] = (ushort)(value & ~Restart);
        if ((value & Restart) != 0 || old != _standard[Control]) Renegotiate();
    }

    void ResetDone()
    {
        _standard[Control] &= unchecked((ushort)~ControlReset);
        Renegotiate();
    }

    void ToDefaults()
    {
        Array.Clear(_standard);
        _page = 0;
        _standard[Control] = 0x1140;
        _standard[Id1] = 0x001C;
        _standard[Id2] = 0xC912;
        _standard[Advertisement] = 0x0DE1;
        _standard[GigabitControl] = 0x0300;
        _standard[ExtendedStatus] = 0x3000;
    }

    void Renegotiate()
    {
        LinkDown();
        _standard[PartnerAbility] = _standard[Expansion] = _standard[GigabitStatus] = _standard[Status] = 0;
        _negotiated?.Cancel();
        if (_cable && (_standard[Control] & (PowerDown | Isolate | ControlReset)) == 0) _negotiated?.Arm(Rtl8111Timing.Negotiation);
    }

    void LinkDown()
    {
        _linkLatch = false;
        if (!LinkUp) return;
        Speed = 0;
        _linkChanged();
    }

    void Negotiated()
    {
        var (speed, full) = (_standard[Control] & AutoNegotiate) != 0 ? Negotiate() : Forced();
        if (speed == 0) return;
        (Speed, IsFullDuplex) = (speed, full);
        _linkChanged();
    }

    (int Speed, bool FullDuplex) Negotiate()
    {
        var partner = PartnerAdvertises();
        _standard[PartnerAbility] = (ushort)(0x4000 | partner);
        _standard[Expansion] = 0x0003;
        if (Partner == LinkPartner.Gigabit) _standard[GigabitStatus] = 0x7C00;
        _standard[Status] |= NegotiationComplete;
        var common = _standard[Advertisement] & partner;
        return ((_standard[GigabitControl] & 0x0300) != 0 && Partner == LinkPartner.Gigabit, common) switch
        {
            (true, _) => (1000, (_standard[GigabitControl] & 0x0200) != 0),
            (_, var c) when (c & 0x0180) != 0 => (100, (c & 0x0100) != 0),
            (_, var c) when (c & 0x0060) != 0 => (10, (c & 0x0040) != 0),
            _ => (0, false),
        };
    }

    int PartnerAdvertises() => Partner switch
    {
        LinkPartner.TenMegabit => 0x0461,
        _ => 0x05E1,
    };

    // Without negotiation the partner senses the speed and takes half duplex on its side; what we were told holds on ours.
    (int Speed, bool FullDuplex) Forced()
    {
        var control = _standard[Control];
        var speed = (control & 0x0040) != 0 ? 1000 : (control & 0x2000) != 0 ? 100 : 10;
        return speed <= (int)Partner ? (speed, (control & 0x0100) != 0) : (0, false);
    }
}
