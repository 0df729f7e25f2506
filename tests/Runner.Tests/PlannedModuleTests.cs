using Understudy.Build;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Tests;

public sealed class PlannedModuleTests
{
    static readonly BuiltModule s_memory = new("memory.ko", new ModuleFacts("memory", "6.12", [], ["size", "debug"]));
    static readonly BuiltModule s_card = new("card.ko", new ModuleFacts("card", "6.12", ["memory"], ["rings", "debug"]));

    [Fact]
    public void Of_a_directory_with_several_modules_each_gets_the_parameters_that_it_takes()
    {
        var module = PlannedModule.Parse("drivers/card rings=2 size=64");
        Assert.Equal(("size=64", "rings=2"), (module.ParametersOf(s_memory), module.ParametersOf(s_card)));
        Assert.Null(module.ForNone([s_memory, s_card]));
    }

    [Theory]
    [InlineData("rings=2 colour=1", "colour=1")]
    [InlineData("debug=1", "debug=1")]
    public void One_that_none_takes_or_two_take_is_for_none(string parameters, string forNone)
        => Assert.Equal(forNone, PlannedModule.Parse($"drivers/card {parameters}").ForNone([s_memory, s_card]));
}
