using Understudy.Linux;
using Understudy.Transports.Tests;
using Understudy.Vfio.Kvm;

namespace Understudy.Vfio.Tests;

/// <summary>One test counts what is open in the whole process, so nothing else opens anything meanwhile.</summary>
[CollectionDefinition(nameof(InterruptGuestTests), DisableParallelization = true)]
[Collection(nameof(InterruptGuestTests))]
public sealed class InterruptGuestTests
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30), s_silence = TimeSpan.FromMilliseconds(20);

    /// <summary>Why this machine runs no guests; null where it does.</summary>
    public static string? WhyNot
    {
        get
        {
            try
            {
                FileDescriptor.Open("/dev/kvm").Dispose();
                return null;
            }
            catch (LinuxException none)
            {
                return none.Message;
            }
        }
    }

    static InterruptGuest Start()
    {
        Assert.SkipWhen(WhyNot is not null, WhyNot ?? "");
        return new InterruptGuest();
    }

    [Fact]
    public void Each_signal_of_a_routed_counter_is_one_interrupt_of_its_own_vector()
    {
        using var guest = Start();
        using var first = EventFd.Create();
        using var second = EventFd.Create();
        guest.Route(0x40, first);
        guest.Route(0xFD, second);
        for (var i = 0; i < 100; i++)
        {
            first.Signal();
            Assert.Equal((byte)0x40, guest.Take(s_patience));
            second.Signal();
            Assert.Equal((byte)0xFD, guest.Take(s_patience));
        }
        Assert.Null(guest.Take(s_silence));
        Assert.Equal(0UL, first.Take());
    }

    [Fact]
    public void A_counter_that_is_routed_no_more_is_its_owners()
    {
        using var guest = Start();
        using var fired = EventFd.Create();
        guest.Route(0x40, fired);
        guest.Unroute(0x40);
        fired.Signal();
        Assert.Null(guest.Take(s_silence));
        Assert.Equal(1UL, fired.Take());
    }

    [Theory]
    [InlineData(0x1F)]
    [InlineData(0xFE)]
    [InlineData(0xFF)]
    public void A_vector_that_is_no_devices_is_refused(byte vector)
    {
        using var guest = Start();
        using var fired = EventFd.Create();
        Assert.Throws<ArgumentOutOfRangeException>(() => guest.Route(vector, fired));
    }

    [Fact]
    public void Many_guests_come_and_go_and_leave_no_descriptor()
    {
        Start().Dispose();
        var before = Descriptors();
        for (var i = 0; i < 20; i++) Start().Dispose();
        Assert.Equal(before, Descriptors());
    }

    /// <summary>All that a guest opens: a machine, its processor, its memory.</summary>
    static string Descriptors() => OpenDescriptors.Of("/dev/kvm", "anon_inode:kvm", "/memfd");
}
