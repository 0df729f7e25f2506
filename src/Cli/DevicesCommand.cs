using System.CommandLine;
using System.Text.Json.Nodes;
using Understudy.Devices;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy devices</c>: the device catalog.</summary>
static class DevicesCommand
{
    public static Command Create()
    {
        var json = CommandLine.Json();
        var command = new Verb("devices",
            "List the device models, and the commands each understands while it is plugged in.",
            """
            understudy devices
            understudy devices --json
            """) { json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(json)) CommandLine.Print(new JsonArray([.. Catalog.All.Select(Json)]));
            else
                foreach (var entry in Catalog.All) Show(entry);
            return ExitCode.Pass;
        });
        return command;
    }

    static void Show(CatalogEntry entry)
    {
        Console.Out.WriteLine($"{entry.Name,-12} {entry.Description}");
        foreach (var order in entry.Orders) Console.Out.WriteLine($"{"",-12}   device {entry.Role} {order.Usage,-26} {order.Help}");
    }

    static JsonNode Json(CatalogEntry entry) => new JsonObject
    {
        ["name"] = entry.Name,
        ["description"] = entry.Description,
        ["commands"] = new JsonArray([.. entry.Orders.Select(order => (JsonNode)new JsonObject { ["usage"] = order.Usage, ["help"] = order.Help })]),
    };
}
