using System.CommandLine;

namespace Understudy.Cli;

/// <summary><c>understudy build</c>: what is tested, built.</summary>
static class BuildCommand
{
    public static Command Create()
    {
        var command = new Verb("build", "Build what is tested.",
            """
            understudy build module drivers/nic --kernel debian:6.12
            """);
        command.Subcommands.Add(BuildModuleCommand.Create());
        return command;
    }
}
