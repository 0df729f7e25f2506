using System.Runtime.CompilerServices;

namespace Understudy.Pci.Tests;

/// <summary>A device that a test puts together as it likes.</summary>
public sealed class Gadget : PciDevice
{
    public Gadget(Action<Gadget>? build = null) : base(new PciIdentity(0x1234, 0x5678, 0x020000, 6, 0xABCD, 0xEF01)) => build?.Invoke(this);

    public Action? WhenPluggedIn { get; set; }

    public Action? WhenReset { get; set; }

    public Action? WhenBusMaster { get; set; }

    public RegisterFile AddBar(int index, RegisterMap map, BarKind kind = BarKind.Memory32, bool prefetchable = false) => Bar(index, map, kind, prefetchable);

    public void AddRom(ReadOnlySpan<byte> image) => Rom(image);

    public T Add<T>(T capability) where T : Capability => Has(capability);

    public void AddIntx(int pin = 1) => HasIntx(pin);

    public InterruptLine Line(int vector = 0) => Interrupt(vector);

    public InterruptBlock Block(RegisterFile file, Register status, Register mask, int vector = 0) => Interrupt(vector, file, status, mask);

    public DeviceTimer NewTimer(Action callback, [CallerArgumentExpression(nameof(callback))] string name = "") => Timer(callback, name);

    public Dma Memory => Dma;

    public long Time => Now;

    public int Roll() => Random.Next();

    public void Say(string check, string text) => Report(check, text);

    protected override void PluggedIn() => WhenPluggedIn?.Invoke();

    protected override void OnBusMaster() => WhenBusMaster?.Invoke();

    protected override void OnReset() => WhenReset?.Invoke();
}
