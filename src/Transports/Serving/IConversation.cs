using Understudy.Linux;

namespace Understudy.Transports.Serving;

/// <summary>What is said with one machine over one socket. Disposing closes the socket.</summary>
interface IConversation : IDisposable
{
    /// <summary>Serves the machine until it leaves; called once.</summary>
    /// <exception cref="ProtocolException">It broke the protocol.</exception>
    /// <exception cref="LinuxException">It left while we answered.</exception>
    void Run();

    /// <summary>Ends the conversation; <see cref="Run"/> returns soon. From any thread.</summary>
    void Shutdown();
}
