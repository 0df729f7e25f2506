using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Tests;

public class DriverBindingsTests
{
    static readonly PciIdentity s_nic = new(0x10EC, 0x8168, 0x020000);

    [Theory]
    [InlineData("0x8086 0x1237 bound\n0x10ec 0x8168 free\n", true)]
    [InlineData("0x10ec 0x8168 bound\n", false)]
    [InlineData("0x10ec 0x8168 free\n0x10ec 0x8168 bound\n", false)]
    [InlineData("0x8086 0x1237 free\n", false)]
    [InlineData("", false)]
    [InlineData("sh: for: no\n0x10ec nonsense free\nx\n", false)]
    public void A_device_is_free_when_it_is_there_and_no_function_like_it_has_a_driver(string said, bool free)
        => Assert.Equal(free, DriverBindings.Parse(said).AreFree(s_nic));
}
