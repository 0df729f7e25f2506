using System.Globalization;

namespace Understudy.Devices;

/// <summary>What an operator may do to a <see cref="PciIdio16"/>.</summary>
static class PciIdio16Orders
{
    public static IReadOnlyList<DeviceOrder> All { get; } =
    [
        new("status", "status", "says what is at the inputs and outputs", (device, _) =>
            string.Create(CultureInfo.InvariantCulture, $"inputs 0x{((PciIdio16)device).Inputs:x4}, outputs 0x{((PciIdio16)device).Outputs:x4}")),
        new("input", "input N high|low", "changes the level at an input, 0 to 15", (device, words) => SetInput((PciIdio16)device, words)),
    ];

    static string SetInput(PciIdio16 card, IReadOnlyList<string> words)
    {
        if (words is not [var number, var level] || !int.TryParse(number, CultureInfo.InvariantCulture, out var input) || input is < 0 or > 15 || level is not ("high" or "low"))
            throw new FormatException($"'{string.Join(' ', words)}' is not an input from 0 to 15 and 'high' or 'low'");
        card.SetInput(input, level == "high");
        return $"input {input} is {level}";
    }
}
