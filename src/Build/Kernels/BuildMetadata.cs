using System.Text.Json;
using System.Text.Json.Nodes;

namespace Understudy.Build;

/// <summary>Writes and reads <c>metadata.json</c>: TuxMake's groups and keys (its docs/metadata.md), and a group of our own.</summary>
sealed class BuildMetadata(KernelRecipe recipe, Architecture architecture, BuildTools tools, SourceTree tree)
{
    public const string FileName = "metadata.json";
    const string Own = "understudy";

    static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    readonly JsonObject _targets = [], _artifacts = [], _durations = [];

    public void Skipped(string target) => _targets[target] = new JsonObject { ["status"] = "SKIP", ["duration"] = 0 };

    public void Passed(string target, TimeSpan took, string? artifact)
    {
        _targets[target] = new JsonObject { ["status"] = "PASS", ["duration"] = Math.Round(took.TotalSeconds, 2) };
        _durations[target] = Math.Round(took.TotalSeconds, 2);
        _artifacts[target] = artifact is null ? [] : new JsonArray((JsonNode)artifact);
    }

    public void Write(string directory, string release, IReadOnlyList<ConfigRequest> config, IReadOnlyList<CompilerMessage> messages)
    {
        var kernel = Path.GetFileName(architecture.ImagePath);
        var json = new JsonObject
        {
            ["artifacts"] = new JsonObject { ["modules"] = Modules(directory) },
            ["build"] = new JsonObject
            {
                ["targets"] = Array(recipe.Targets), ["target_arch"] = architecture.Name, ["toolchain"] = recipe.Toolchain, ["wrapper"] = tools.Ccache ? "ccache" : "none",
                ["environment"] = new JsonObject(), ["kconfig"] = recipe.Config is [var first, ..] ? first : "defconfig", ["kconfig_add"] = Array([.. recipe.Config.Skip(1)]),
                ["jobs"] = Environment.ProcessorCount, ["runtime"] = tools.Runtime == "host" ? "null" : tools.Runtime, ["verbose"] = false, ["reproducer_cmdline"] = Array(Commandline()),
            },
            ["compiler"] = new JsonObject { ["name"] = tools.Compiler.Command, ["version"] = tools.Compiler.Version.Split(' ')[^1], ["version_full"] = tools.Compiler.Version },
            ["git"] = new JsonObject([.. tree.Facts.Select(fact => KeyValuePair.Create<string, JsonNode?>(fact.Key, fact.Value))]),
            ["results"] = new JsonObject
            {
                ["status"] = "PASS", ["targets"] = _targets, ["artifacts"] = _artifacts, ["errors"] = messages.Count(message => message.IsError), ["warnings"] = messages.Count(message => !message.IsError), ["duration"] = _durations,
            },
            ["source"] = new JsonObject { ["kernelrelease"] = release, ["kernelversion"] = release.Split('-', '+')[0] },
            ["system_map"] = new JsonObject { ["text_offset"] = TextOffset(directory) },
            [Own] = new JsonObject
            {
                ["source"] = recipe.Source, ["source_id"] = tree.Id, ["image"] = File.Exists(Path.Combine(directory, kernel)) ? kernel : null,
                ["config"] = new JsonArray([.. config.Select(request => (JsonNode)new JsonObject { ["symbol"] = request.Symbol, ["asked"] = request.Asked, ["granted"] = request.Granted, ["origin"] = request.Origin })]),
            },
        };
        File.WriteAllText(Path.Combine(directory, FileName), json.ToJsonString(s_indented) + "\n");
    }

    public static KernelBuild Read(string directory, bool wasKnown)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(directory, FileName)))!;
        var own = json[Own]!;
        return new KernelBuild(directory, (string?)own["image"] is { } image ? Path.Combine(directory, image) : null, Directory.Exists(Path.Combine(directory, "lib/modules")) ? directory : null,
            [.. own["config"]!.AsArray().Select(request => new ConfigRequest((string)request!["symbol"]!, (string)request["asked"]!, (string)request["granted"]!, (string)request["origin"]!))],
            (int)json["results"]!["warnings"]!, wasKnown) { Release = (string)json["source"]!["kernelrelease"]!, Architecture = (string)json["build"]!["target_arch"]! };
    }

    List<string> Commandline() =>
    [
        "understudy", "build", recipe.Source, .. recipe.Ref is { } reference ? new[] { "--ref", reference } : [], "--arch", architecture.Name, "--toolchain", recipe.Toolchain, .. recipe.Image is { } image ? new[] { "--podman", image } : recipe.InRoot ? ["--in-root"] : [],
        .. recipe.Config.SelectMany(word => new[] { "--config", word }), .. recipe.Patches.SelectMany(patch => new[] { "--patch", patch }), .. recipe.Targets,
    ];

    static JsonArray Modules(string directory)
    {
        var modules = Path.Combine(directory, "lib/modules");
        return Array(!Directory.Exists(modules) ? [] : [.. Directory.EnumerateFiles(modules, "*.ko*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(directory, file)).Order(StringComparer.Ordinal)]);
    }

    static string? TextOffset(string directory)
    {
        var map = Path.Combine(directory, "System.map");
        return File.Exists(map) && File.ReadLines(map).FirstOrDefault(line => line.EndsWith(" _text", StringComparison.Ordinal)) is { } line ? $"0x{line.Split(' ')[0]}" : null;
    }

    static JsonArray Array(IReadOnlyList<string> words) => new([.. words.Select(word => (JsonNode)word)]);
}
