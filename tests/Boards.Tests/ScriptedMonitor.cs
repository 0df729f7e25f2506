using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Understudy.Boards.Tests;

/// <summary>QEMU's side of a monitor, as a test plays it.</summary>
sealed class ScriptedMonitor : IAsyncDisposable
{
    const string Greeting = """{"QMP": {"version": {"qemu": {"micro": 3, "minor": 1, "major": 11}, "package": ""}, "capabilities": ["oob"]}}""";

    readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    readonly string _path = Path.Combine(Path.GetTempPath(), $"qmp-{Guid.NewGuid():N}");
    StreamReader? _reader;
    NetworkStream? _theirs;

    public List<(string Name, JsonElement Data)> Events { get; } = [];

    /// <summary>Connects a client; the script has answered its negotiation.</summary>
    public async Task<QmpClient> ConnectAsync()
    {
        var connecting = await OpenAsync();
        await SayAsync(Greeting);
        await AnswerAsync("""{"return": {}, "id": @}""");
        return await connecting;
    }

    /// <summary>Has a client begin to connect, and says nothing.</summary>
    public async Task<Task<QmpClient>> OpenAsync()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen(1);
        var ours = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await ours.ConnectAsync(new UnixDomainSocketEndPoint(_path));
        _theirs = new NetworkStream(await _listener.AcceptAsync(), ownsSocket: true);
        _reader = new StreamReader(_theirs);
        return QmpClient.ConnectAsync(new NetworkStream(ours, ownsSocket: true), (name, data) => Events.Add((name, data)), TestContext.Current.CancellationToken);
    }

    public async Task SayAsync(string line) => await _theirs!.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"));

    /// <summary>Reads one command and answers it; <c>@</c> stands for its id.</summary>
    /// <returns>The command.</returns>
    public async Task<JsonElement> AnswerAsync(string answer)
    {
        var command = JsonDocument.Parse((await _reader!.ReadLineAsync())!).RootElement;
        await SayAsync(answer.Replace("@", command.GetProperty("id").GetRawText(), StringComparison.Ordinal));
        return command;
    }

    public void Hang() => _theirs!.Dispose();

    public ValueTask DisposeAsync()
    {
        _theirs?.Dispose();
        _listener.Dispose();
        File.Delete(_path);
        return ValueTask.CompletedTask;
    }
}
