using Understudy.Devices;

namespace Understudy.Runner.Suites;

/// <summary>A device a test asks for.</summary>
/// <param name="Entry">What it is.</param>
/// <param name="Name">What it answers to in the guest, as in <c>device nic cable off</c>.</param>
public sealed record PlannedDevice(CatalogEntry Entry, string Name)
{
    /// <summary>Reads <c>rtl8111 as nic</c>, or <c>rtl8111</c>, which answers to its role.</summary>
    /// <exception cref="FormatException">It is neither, or there is no such device.</exception>
    public static PlannedDevice Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not ([_] or [_, "as", _])) throw new FormatException($"expected a device such as 'rtl8111 as nic', not '{text}'");
        if (!Catalog.All.Any(entry => string.Equals(entry.Name, words[0], StringComparison.OrdinalIgnoreCase)))
            throw new FormatException($"there is no device '{words[0]}'; there is {string.Join(", ", Catalog.All.Select(entry => entry.Name))}");
        var device = Catalog.Find(words[0]);
        var name = words.Length == 3 ? words[2] : device.Role;
        return char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? new PlannedDevice(device, name)
            : throw new FormatException($"'{name}' is not a device name: a letter, then letters, digits, '-', '_' and '.'");
    }
}
