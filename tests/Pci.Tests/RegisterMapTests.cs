namespace Understudy.Pci.Tests;

public class RegisterMapTests
{
    static readonly RegisterMap Inner = new("Inner", 0x10);

    public static TheoryData<string, Action<RegisterMap>> Wrong => new()
    {
        { "outside", map => map.R32(0x3E, name: "X") },
        { "outside", map => map.R8(-1, name: "X") },
        { "outside", map => map.R8(int.MaxValue, name: "X") },
        { "outside", map => map.Memory(0x30, 0x11, "X") },
        { "outside", map => map.Memory(0, 0, "X") },
        { "outside", map => map.Memory(0x10, int.MaxValue, "X") },
        { "outside", map => map.Include(0x38, Inner, "X") },
        { "outside", map => map.Array(0x30, 5, name: "X") },
        { "overlaps A", map => map.R16(0x03, name: "X") },
        { "overlaps A", map => map.R64(0x00, name: "X") },
        { "overlaps A", map => map.Memory(0, 8, "X") },
        { "overlaps A", map => map.Include(0, Inner, "X") },
        { "overlaps Window", map => map.R8(0x17, name: "X") },
        { "overlaps Block", map => map.R8(0x2F, name: "X") },
        { "overlaps Block", map => map.Memory(0x2F, 2, "X") },
        { "overlaps X[0]", map => map.Array(0x30, 2, stride: 2, name: "X") },
        { "1, 2, 4 or 8", map => map.Array(0x30, 1, bytes: 3, name: "X") },
        { "does not fit", map => map.R8(0x30, reset: 0x100, name: "X") },
        { "does not fit", map => map.R8(0x30, name: "X").Rw(8) },
        { "does not fit", map => map.R8(0x30, name: "X").Rw(3, 4) },
        { "does not fit", map => map.R8(0x30, name: "X").Ro(3, -1) },
        { "overlaps Low", map => { var x = map.R8(0x30, name: "X"); x.Rw(3, 0, "Low"); x.W1c(3, "High"); } },
        { "too late", map => { _ = new RegisterFile(map); map.R8(0x30, name: "X"); } },
        { "too late", map => { var x = map.R8(0x30, name: "X"); _ = new RegisterFile(map); x.Rw(0); } },
        { "too late", map => { new RegisterMap("Outer", 0x80).Include(0, map, "X"); map.Memory(0x30, 1, "Y"); } },
        { "too late", map => map.Include(0x30, map, "X") },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_declaration_is_refused_with_its_name(string says, Action<RegisterMap> declare)
    {
        var map = new RegisterMap("M", 0x40);
        map.R32(0x04 - 1, name: "A");
        map.Memory(0x10, 8, "Window");
        map.Include(0x20, Inner, "Block");
        var error = Assert.ThrowsAny<Exception>(() => declare(map));
        Assert.True(error is ArgumentException or InvalidOperationException, error.ToString());
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains("M.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_that_includes_itself_through_another_is_refused()
    {
        var a = new RegisterMap("A", 16);
        var b = new RegisterMap("B", 16);
        a.Include(0, b, "Block");
        Assert.Throws<InvalidOperationException>(() => b.Include(0, a, "Block"));
    }

    [Fact]
    public void Names_come_from_the_identifiers()
    {
        Assert.Equal("MAC.IntrStatus", Nic.Mac.IntrStatus.ToString());
        Assert.Equal("LinkChange", Nic.Mac.IntrStatus.Fields[1].Name);
        Assert.Equal(new FieldInfo("LinkChange", 0x20, 5, Access.WriteOneToClear), Nic.Mac.IntrStatus.Fields[1]);
    }

    [Fact]
    public void A_block_of_thousands_of_registers_knows_each_of_them()
    {
        var map = new RegisterMap("Big", 1 << 20);
        var ring = map.Array(0x1000, 8192, stride: 16, name: "Ring");
        Assert.Same(ring[8191], map.At(0x1000 + 8191 * 16 + 3));
        Assert.Null(map.At(0x1000 + 8191 * 16 + 4));
        Assert.Null(map.At(-1));
        Assert.Null(map.At(1 << 20));
    }

    [Fact]
    public void The_largest_block_can_be_made_and_one_of_no_size_cannot()
    {
        var map = new RegisterMap("Huge", int.MaxValue);
        Assert.NotNull(map.R8(int.MaxValue - 1, name: "Last"));
        map.Memory(0, 1 << 30, "Low");
        Assert.Throws<ArgumentOutOfRangeException>(() => new RegisterMap("None", 0));
    }
}
