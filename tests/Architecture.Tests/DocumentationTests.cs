using System.Text.RegularExpressions;
using Understudy.Pci;

namespace Understudy.Architecture.Tests;

/// <summary>What the documents show is what compiles.</summary>
public sealed partial class DocumentationTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/writing-a-model.md")]
    [InlineData("docs/writing-a-test.md")]
    [InlineData("docs/vfio.md")]
    public void Every_line_of_C_shown_stands_in_compiled_code(string document)
    {
        var root = Repository.Root;
        var compiled = new[] { "docs/examples", "src/Devices", "tests/Devices.Tests", "tests/Vfio.Tests", "suites" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(File.ReadLines).Select(line => line.Trim()).ToHashSet();
        var shown = Blocks().Matches(File.ReadAllText(Path.Combine(root, document)))
            .SelectMany(block => block.Groups[1].Value.Split('\n')).Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        Assert.True(shown.Count > 10, $"{document} shows hardly any code");
        Assert.All(shown, line => Assert.Contains(line, compiled));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("docs/start-here.md")]
    [InlineData("docs/bus-checks.md")]
    [InlineData("docs/pipeline.md")]
    [InlineData("docs/case-study-datadev.md")]
    [InlineData("docs/writing-a-model.md")]
    [InlineData("docs/vfio.md")]
    public void Every_link_leads_somewhere(string document)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, document))!;
        var dead = Links().Matches(File.ReadAllText(Path.Combine(Repository.Root, document))).Select(link => link.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !Path.Exists(Path.Combine(folder, target)));
        Assert.Empty(dead);
    }

    [Fact]
    public void Every_bus_check_is_explained()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/bus-checks.md"));
        Assert.All(BusChecks.All, check => Assert.Contains($"| `{check.Name}` | {check.Meaning} | {check.Severity.ToString().ToLowerInvariant()} |", page, StringComparison.Ordinal));
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"\]\(([^)#]+)[^)]*\)")]
    private static partial Regex Links();
}
