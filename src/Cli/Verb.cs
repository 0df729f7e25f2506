using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Understudy.Cli;

/// <summary>A command whose help teaches by example.</summary>
sealed class Verb(string name, string description, string examples) : Command(name, description)
{
    /// <summary>Puts the examples below the help of every command.</summary>
    public static void Teach(RootCommand root, string rootExamples)
    {
        if (root.Options.OfType<HelpOption>().FirstOrDefault() is { Action: HelpAction help } option) option.Action = new Teaching(help, rootExamples);
    }

    sealed class Teaching(HelpAction help, string rootExamples) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parsed)
        {
            var code = help.Invoke(parsed);
            var shown = parsed.CommandResult.Command is Verb verb ? verb.Examples : rootExamples;
            parsed.InvocationConfiguration.Output.WriteLine($"Examples:\n  {shown.Replace("\n", "\n  ", StringComparison.Ordinal)}");
            return code;
        }
    }

    string Examples => examples;
}
