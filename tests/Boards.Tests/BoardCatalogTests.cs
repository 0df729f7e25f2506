using Understudy.Toolchain;

namespace Understudy.Boards.Tests;

public class BoardCatalogTests
{
    [Fact]
    public void A_board_that_is_not_there_is_told_with_the_nearest()
    {
        var unknown = Assert.Throws<ToolchainException>(() => BoardCatalog.Find("quemu"));
        Assert.Equal(ToolchainProblem.UnknownName, unknown.Problem);
        Assert.Contains("There is no board 'quemu'. Did you mean 'qemu'?", unknown.Message, StringComparison.Ordinal);
        Assert.Equal("qemu", BoardCatalog.Find(BoardCatalog.Default).Name);
    }

    [Fact]
    public void What_a_board_cannot_do_has_a_reason_and_the_rest_has_none()
    {
        var traits = new BoardTraits((BoardAbility.PortIo, "no I/O ports"));
        Assert.Equal("no I/O ports", traits.WhyNot(BoardAbility.PortIo));
        Assert.Null(traits.WhyNot(BoardAbility.Smp));
        Assert.Equal(("port-io", BoardAbility.PciePorts), (BoardTraits.Word(BoardAbility.PortIo), BoardTraits.Words["pcie-ports"]));
    }
}
