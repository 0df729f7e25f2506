using System.Text.Json;
using System.Text.Json.Serialization;

namespace Understudy.Runner.Suites;

/// <summary>What a test program says of one of its driver tests: a line of JSON.</summary>
/// <param name="Name">What it is called beside the program's others: <c>LinkTests.Pulling_the_cable_is_reported_once</c>.</param>
/// <param name="Class">Its class, with its namespace.</param>
/// <param name="Method">Its method.</param>
/// <param name="Description">What it shows, in a line; empty for none.</param>
/// <param name="Tags">Words to choose it by.</param>
/// <param name="TimeoutSeconds">Host time it may take once its guest is up.</param>
/// <param name="Skip">Why it is not to be run; null when it is.</param>
/// <param name="Problem">What is wrong with it, so that nothing can be run; null when all is well.</param>
public sealed record CodeTestEntry(string Name, string Class, string Method, string Description, IReadOnlyList<string> Tags, double TimeoutSeconds, string? Skip, string? Problem)
{
    /// <summary>Adds it to a file.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void AppendTo(string file) => File.AppendAllText(file, JsonSerializer.Serialize(this, CodeTestJson.Default.CodeTestEntry) + "\n");

    /// <summary>Reads what was added to a file; none when there is no such file.</summary>
    /// <exception cref="InvalidDataException">A line is none of ours.</exception>
    public static IReadOnlyList<CodeTestEntry> ReadFrom(string file)
    {
        if (!File.Exists(file)) return [];
        try
        {
            return [.. File.ReadLines(file).Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize(line, CodeTestJson.Default.CodeTestEntry)!)];
        }
        catch (JsonException torn)
        {
            throw new InvalidDataException($"what the test program says of its tests cannot be read: {torn.Message}", torn);
        }
    }
}

[JsonSerializable(typeof(CodeTestEntry))]
sealed partial class CodeTestJson : JsonSerializerContext;
