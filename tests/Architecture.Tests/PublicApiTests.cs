using System.Reflection;

namespace Understudy.Architecture.Tests;

/// <summary>What others build upon changes only when somebody says so: a golden file for each assembly.</summary>
public class PublicApiTests
{
    const string Accept = "UNDERSTUDY_ACCEPT_API";

    [Theory]
    [InlineData("Pci")]
    [InlineData("Testing")]
    public void The_public_API_is_the_one_written_down(string name)
    {
        var golden = Repository.Path($"tests/Architecture.Tests/PublicApi/{name}.txt");
        var now = PublicApi.Of(Assembly.Load($"Understudy.{name}"));
        if (Environment.GetEnvironmentVariable(Accept) == "1") File.WriteAllText(golden, now);
        var held = File.Exists(golden) ? File.ReadAllText(golden).ReplaceLineEndings("\n") : "";
        string[] gone = [.. held.Split('\n').Except(now.Split('\n')).Select(line => "- " + line)];
        string[] added = [.. now.Split('\n').Except(held.Split('\n')).Select(line => "+ " + line)];
        Assert.True(held == now, $"""
            The public API of {name} is not that of {Repository.Relative(golden)}:
            {string.Join('\n', gone.Concat(added))}
            If that is meant: {Accept}=1 dotnet run --project tests/Architecture.Tests, and commit the file.
            """);
    }
}
