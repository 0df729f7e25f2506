using System.Runtime.ExceptionServices;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Runner;
using Understudy.Toolchain;
using Xunit.v3;

namespace Understudy.Testing;

/// <summary>Reads what a test's method threw as what a step may come to.</summary>
static class Thrown
{
    const int LongestReason = 240;

    /// <summary>Throws what decides the step; returns where that is a pass.</summary>
    /// <param name="thrown">What the method threw; null for nothing.</param>
    /// <param name="stop">The method was asked to stop by this.</param>
    public static void Judge(Exception? thrown, CancellationToken stop)
    {
        var cause = thrown is AggregateException several ? several.Flatten().InnerExceptions[0] : thrown;
        switch (cause)
        {
            case null: return;
            case StepFailedException or StepSkippedException or TestErrorException or GuestException or GuestLostException or BootFailedException or LabFailedException or ToolchainException:
            case OperationCanceledException when stop.IsCancellationRequested:
                ExceptionDispatchInfo.Throw(cause);
                break;
            case { Message: var said } when said.StartsWith(DynamicSkipToken.Value, StringComparison.Ordinal):
                throw new StepSkippedException(said[DynamicSkipToken.Value.Length..]);
            case var assertion when IsAssertion(assertion):
                throw new StepFailedException(Reason(assertion.Message), Lines(assertion));
            default:
                throw new TestErrorException(Reason($"the test threw {cause.GetType().Name}: {cause.Message}{Where(cause)}"));
        }
    }

    // xUnit's own rule, by which other assertion libraries tell their failures from errors.
    static bool IsAssertion(Exception thrown) => thrown.GetType().GetInterfaces().Any(type => type.Name == "IAssertionException");

    static string Reason(string text)
    {
        var line = string.Join(", ", text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return line.Length <= LongestReason ? line : line[..LongestReason] + " ...";
    }

    static string Where(Exception thrown) => thrown.StackTrace?.Split('\n').FirstOrDefault(IsOwn)?.Trim() is { } line ? $" {line}" : "";

    // Of the stack, what is the test's own.
    static IReadOnlyList<string> Lines(Exception thrown) => [.. thrown.Message.Split('\n').Concat((thrown.StackTrace ?? "").Split('\n').Where(IsOwn))
        .Select(line => line.TrimEnd()).Where(line => line.Length > 0)];

    static bool IsOwn(string frame) => frame.Contains(":line ", StringComparison.Ordinal) && !frame.Contains(" at Xunit.", StringComparison.Ordinal);
}
