namespace Understudy.Guest.Tests;

public sealed class KernelRecordTests
{
    [Theory]
    [InlineData("[   12.000034] first of two", true)]
    [InlineData("[   12.000034][   T71] second", true)]
    [InlineData("/ # <4>[   12.000034] second\r", true)]
    [InlineData("[   12.000035] second", false)]
    [InlineData("[   12.000034] third", false)]
    [InlineData("[   12.000034] ", false)]
    [InlineData("second", false)]
    public void A_line_of_a_console_shows_the_record_of_its_time_and_its_words(string console, bool shown) =>
        Assert.Equal(shown, new KernelRecord(7, 12_000_034, 4, "first of two\n\nsecond", 0).IsShownBy(console));
}
