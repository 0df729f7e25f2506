using System.Reflection;
using Understudy.Runner.Suites;
using Xunit.Sdk;
using Xunit.v3;

namespace Understudy.Testing;

/// <summary>Finds driver tests for xUnit: one test case for each kernel. Where <c>understudy run</c> asks, also tells it of them.</summary>
sealed class DriverTestDiscoverer : IXunitTestCaseDiscoverer
{
    public ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute)
    {
        var attribute = (DriverTestAttribute)factAttribute;
        if (TestVariables.List is { } list) Entry(testMethod, attribute).AppendTo(list);
        var kernels = TestVariables.Kernels;
        return new([.. kernels.Select(kernel => new DriverTestCase(discoveryOptions, testMethod, attribute, kernel, named: kernels.Count > 1))]);
    }

    static CodeTestEntry Entry(IXunitTestMethod method, DriverTestAttribute attribute)
    {
        var (name, type) = (NameOf(method), method.TestClass.TestClassName);
        try
        {
            var settings = SettingsOf(method, attribute);
            return new CodeTestEntry(name, type, method.MethodName, settings.Description, settings.Tags, settings.Timeout.TotalSeconds, settings.CannotRun, null);
        }
        catch (FormatException wrong)
        {
            return new CodeTestEntry(name, type, method.MethodName, "", [], 0, null, wrong.Message);
        }
    }

    /// <summary>What a test is called beside all others of its assembly.</summary>
    public static string NameOf(IXunitTestMethod method)
    {
        var type = method.TestClass;
        var shown = type.TestClassNamespace is { Length: > 0 } space ? type.TestClassName[(space.Length + 1)..] : type.TestClassName;
        return $"{shown}.{method.MethodName}";
    }

    /// <exception cref="FormatException">The test contradicts itself; the message says how.</exception>
    public static TestSettings SettingsOf(IXunitTestMethod method, DriverTestAttribute attribute)
    {
        if (method.Parameters.Count > 0 || method.IsGenericMethodDefinition) throw new FormatException("a driver test takes no parameters");
        return attribute.Settings(Attributes<AllowLogAttribute>(method), Attributes<AllowCheckAttribute>(method));
    }

    static IEnumerable<T> Attributes<T>(IXunitTestMethod method) where T : Attribute
        => method.Method.GetCustomAttributes<T>().Concat(method.TestClass.Class.GetCustomAttributes<T>());
}
