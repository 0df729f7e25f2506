using System.Text.Json.Nodes;
using Understudy.Runner.Suites;

namespace Understudy.Cli;

/// <summary>Shows the tests there are.</summary>
static class TestList
{
    public static void Show(IReadOnlyList<SuiteTest> tests)
    {
        var width = tests.Max(test => test.FullName.Length);
        foreach (var test in tests)
        {
            var tags = test.Settings.Tags.Count > 0 ? $"  [{string.Join(", ", test.Settings.Tags)}]" : "";
            Console.Out.WriteLine($"{test.FullName.PadRight(width)}  {test.Settings.Description}{tags}".TrimEnd());
        }
    }

    public static JsonArray Json(IReadOnlyList<SuiteTest> tests) => new([.. tests.Select(test => (JsonNode)new JsonObject
    {
        ["test"] = test.FullName,
        ["path"] = test.Path,
        ["description"] = test.Settings.Description,
        ["tags"] = new JsonArray([.. test.Settings.Tags.Select(tag => (JsonNode)tag)]),
    })]);
}
