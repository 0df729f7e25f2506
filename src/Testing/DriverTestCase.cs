using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Understudy.Testing;

/// <summary>A driver test on one kernel, as xUnit sees it.</summary>
sealed class DriverTestCase : XunitTestCase, ISelfExecutingXunitTestCase
{
    const string KernelKey = "understudy-kernel";

    [Obsolete("Called by the de-serializer")]
    public DriverTestCase() => Kernel = "";

    public DriverTestCase(ITestFrameworkDiscoveryOptions options, IXunitTestMethod method, DriverTestAttribute attribute, string kernel, bool named)
        : this(TestIntrospectionHelper.GetTestCaseDetails(options, method, attribute, null, null, null, null), method, attribute, kernel, named)
    {
    }

    // What makes xUnit skip or time out by itself would leave no run directory: all of that is ours.
    DriverTestCase(
        (string DisplayName, bool Explicit, Type[]? SkipExceptions, string? SkipReason, Type? SkipType, string? SkipUnless, string? SkipWhen, string? File, int? Line, int Timeout, string Id, IXunitTestMethod Method) details,
        IXunitTestMethod method, DriverTestAttribute attribute, string kernel, bool named)
        : base(details.Method, named ? $"{details.DisplayName} [{kernel}]" : details.DisplayName, named ? $"{details.Id}@{kernel}" : details.Id, details.Explicit, details.SkipExceptions,
            skipType: details.SkipType, skipUnless: details.SkipUnless, skipWhen: details.SkipWhen,
            traits: TraitsOf(method, attribute), sourceFilePath: details.File, sourceLineNumber: details.Line)
        => Kernel = kernel;

    /// <summary>The kernel's name in the catalog, or its path.</summary>
    public string Kernel { get; private set; }

    /// <summary>What the test says of itself.</summary>
    public DriverTestAttribute Attribute => TestMethod.Method.GetCustomAttribute<DriverTestAttribute>()!;

    public async ValueTask<RunSummary> Run(ExplicitOption explicitOption, IMessageBus messageBus, object?[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
        => await DriverTestCaseRunner.Shared.Run(this, await CreateTests().ConfigureAwait(false), messageBus, aggregator, cancellationTokenSource, TestCaseDisplayName, SkipReason, explicitOption, constructorArguments).ConfigureAwait(false);

    protected override void Serialize(IXunitSerializationInfo info)
    {
        base.Serialize(info);
        info.AddValue(KernelKey, Kernel);
    }

    protected override void Deserialize(IXunitSerializationInfo info)
    {
        base.Deserialize(info);
        Kernel = info.GetValue<string>(KernelKey) ?? "";
    }

    static Dictionary<string, HashSet<string>> TraitsOf(IXunitTestMethod method, DriverTestAttribute attribute)
    {
        var traits = method.Traits.ToDictionary(trait => trait.Key, trait => trait.Value.ToHashSet(), StringComparer.OrdinalIgnoreCase);
        if (attribute.Tags.Length > 0) traits["Tag"] = [.. traits.GetValueOrDefault("Tag") ?? [], .. attribute.Tags];
        return traits;
    }
}
