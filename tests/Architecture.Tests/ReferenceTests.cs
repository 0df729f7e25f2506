using System.Xml.Linq;

namespace Understudy.Architecture.Tests;

/// <summary>The drawing of the rooms: who may reference whom. An arrow that is not here is a missing interface in the upper room.</summary>
public class ReferenceTests
{
    static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Pci"] = [],
        ["Toolchain"] = [],
        ["Linux"] = [],
        ["Guest"] = [],
        ["Verdict"] = [],
        ["Devices"] = ["Pci"],
        ["Transports"] = ["Pci", "Linux"],
        ["Vfio"] = ["Pci", "Linux", "Devices"],
        ["Boards"] = ["Transports", "Guest", "Linux", "Toolchain"],
        ["Build"] = ["Toolchain"],
        ["Runner"] = ["Boards", "Build", "Verdict", "Devices"],
        ["Testing"] = ["Runner"],
        ["Cli"] = ["*"],
    };

    public static TheoryData<string> Projects => [.. Repository.Sources("src", "*.csproj").Select(Repository.Relative)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_references_only_what_the_drawing_allows(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        Assert.True(Allowed.TryGetValue(name, out var allowed), $"{project} is not in the table of rooms: add it with what it may reference, or put the code where it belongs.");
        foreach (var reference in References(project))
            Assert.True(allowed.Contains("*") || allowed.Contains(reference), $"{name} references {reference}; it may reference {(allowed.Length == 0 ? "nothing" : string.Join(", ", allowed))}.");
    }

    [Fact]
    public void Every_room_of_the_drawing_is_there()
        => Assert.Empty(Allowed.Keys.Except(Projects.Select(row => Path.GetFileNameWithoutExtension(row.Data))));

    [Fact]
    public void The_drawing_has_no_way_round()
    {
        var state = new Dictionary<string, bool>();
        foreach (var name in Allowed.Keys) Visit(name);

        void Visit(string name)
        {
            if (state.TryGetValue(name, out var done)) Assert.True(done, $"{name} can reach itself.");
            else
            {
                state[name] = false;
                foreach (var next in Allowed[name].Where(next => next != "*")) Visit(next);
                state[name] = true;
            }
        }
    }

    static IEnumerable<string> References(string project)
        => XDocument.Load(Repository.Path(project)).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
}
