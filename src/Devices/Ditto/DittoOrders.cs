namespace Understudy.Devices;

/// <summary>What an operator may do to a <see cref="Ditto"/>.</summary>
static class DittoOrders
{
    public static IReadOnlyList<DeviceOrder> All { get; } =
    [
        new("status", "status", "says what the engine is doing", (device, words) => Plain(words, "status", () => device.ToString()!)),
        new("press", "press", "presses the button on the bracket", (device, words) => Plain(words, "press", () =>
        {
            ((Ditto)device).Press();
            return "pressed";
        })),
    ];

    static string Plain(IReadOnlyList<string> words, string name, Func<string> act)
        => words.Count == 0 ? act() : throw new FormatException($"'{name}' takes nothing after it, and got '{string.Join(' ', words)}'");
}
