using System.Globalization;
using Understudy.Devices;
using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Testing;

/// <summary>What a test's own model is called in its rig.</summary>
static class CardName
{
    const string Role = "card";

    /// <summary>Plans a model as a device; one whose type is in the catalog obeys from the guest as those there do.</summary>
    public static PlannedDevice Plan(PciDevice model, string? name, IReadOnlyList<string> taken)
    {
        var known = Catalog.All.FirstOrDefault(entry => entry.Create().GetType() == model.GetType());
        var role = known?.Role ?? Role;
        var entry = new CatalogEntry(known?.Name ?? model.GetType().Name, role, known?.Description ?? "", () => model, known?.Orders ?? []);
        if (name is not null && taken.Contains(name)) throw new ArgumentException($"two devices are named '{name}'", nameof(name));
        if (name is not null && !IsName(name)) throw new ArgumentException($"'{name}' is not a device name: a letter, then letters, digits, '-', '_' and '.'", nameof(name));
        return new PlannedDevice(entry, name ?? Free(role, taken));
    }

    static string Free(string role, IReadOnlyList<string> taken)
    {
        var name = role;
        for (var number = 2; taken.Contains(name); number++) name = string.Create(CultureInfo.InvariantCulture, $"{role}{number}");
        return name;
    }

    static bool IsName(string name) => name.Length > 0 && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
