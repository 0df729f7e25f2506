using System.Globalization;
using Understudy.Pci;

namespace Understudy.Runner.Suites;

/// <summary>Which PCI functions of a guest have a driver, as lines of <c>0xVENDOR 0xDEVICE bound|free</c>.</summary>
sealed class DriverBindings
{
    readonly List<(int Vendor, int Device, bool Bound)> _functions = [];

    /// <summary>Reads what the guest's shell wrote; a line that is something else says nothing.</summary>
    public static DriverBindings Parse(string text)
    {
        var bindings = new DriverBindings();
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
            if (line.Split(' ') is [var vendor, var device, "bound" or "free"] && Number(vendor) is { } v && Number(device) is { } d)
                bindings._functions.Add((v, d, line.EndsWith("bound", StringComparison.Ordinal)));
        return bindings;
    }

    /// <summary>Functions of this identity are there, and none has a driver.</summary>
    public bool AreFree(PciIdentity identity)
    {
        var same = _functions.Where(function => function.Vendor == identity.Vendor && function.Device == identity.Device).ToList();
        return same.Count > 0 && same.All(function => !function.Bound);
    }

    static int? Number(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        && int.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number) ? number : null;
}
