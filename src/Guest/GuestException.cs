namespace Understudy.Guest;

/// <summary>
/// The guest is well and answered a request with an error: a module did not load, a file is not there. It speaks about the kernel,
/// the driver or the request, never about the lab.
/// </summary>
/// <param name="errno">The Linux error number of the guest, such as 2 for ENOENT.</param>
/// <param name="request">What was asked.</param>
/// <param name="reason">The agent's words.</param>
public sealed class GuestException(int errno, string request, string reason) : Exception($"{request}: {reason}")
{
    /// <summary>The Linux error number of the guest, such as 2 for ENOENT.</summary>
    public int Errno => errno;

    /// <summary>What the agent said.</summary>
    public string Reason => reason;
}
