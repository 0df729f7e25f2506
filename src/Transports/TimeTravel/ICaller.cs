using Understudy.Linux;

namespace Understudy.Transports.TimeTravel;

/// <summary>Somebody who tells the guest of interrupts, and knows when the guest has taken note.</summary>
interface ICaller
{
    /// <summary>There is an interrupt the guest has not been told of.</summary>
    bool OwesCall { get; }

    /// <summary>Makes the call that is owed, if one is, and returns when the guest has taken note of it. Not under the bus's lock.</summary>
    /// <param name="wait">Waits until the guest's answer is there; false when none will come.</param>
    void Call(Func<FileDescriptor, bool> wait);
}
