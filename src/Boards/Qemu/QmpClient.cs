using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Understudy.Boards;

/// <summary>The QEMU Machine Protocol over a stream (QEMU's docs/interop/qmp-spec): commands, their answers, and events.</summary>
sealed class QmpClient : IAsyncDisposable
{
    readonly Stream _stream;
    readonly StreamReader _reader;
    readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _asked = new();
    readonly SemaphoreSlim _writing = new(1, 1);
    readonly Task _reading;
    LabFailedException _gone = new("QEMU closed its monitor");
    long _lastId;

    QmpClient(Stream stream, Action<string, JsonElement> onEvent)
    {
        _stream = stream;
        _reader = new StreamReader(stream);
        _reading = ReadAsync(onEvent);
    }

    /// <summary>Completes when QEMU has closed the monitor and every event has been delivered.</summary>
    public Task Ended => _reading;

    /// <summary>Speaks the greeting and negotiates capabilities.</summary>
    /// <param name="stream">Connected to QEMU's monitor.</param>
    /// <param name="onEvent">Called with every event's name and data, on the reading task.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<QmpClient> ConnectAsync(Stream stream, Action<string, JsonElement> onEvent, CancellationToken cancel)
    {
        var client = new QmpClient(stream, onEvent);
        try
        {
            await client.ExecuteAsync("qmp_capabilities", null, cancel).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs a command and gives back what it returns.</summary>
    /// <exception cref="LabFailedException">QEMU refuses it, or is gone.</exception>
    public async Task<JsonElement> ExecuteAsync(string command, JsonObject? arguments = null, CancellationToken cancel = default)
    {
        var id = Interlocked.Increment(ref _lastId);
        var answer = _asked[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        var request = new JsonObject { ["execute"] = command, ["id"] = id };
        if (arguments is not null) request["arguments"] = arguments;
        try
        {
            await SendAsync(request, cancel).ConfigureAwait(false);
            if (_reading.IsCompleted) throw _gone;
            return await answer.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            throw new LabFailedException($"QEMU's monitor is gone; it could not be asked to {command}", exception);
        }
        finally
        {
            _asked.TryRemove(id, out _);
        }
    }

    async Task SendAsync(JsonObject request, CancellationToken cancel)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(request.ToJsonString() + "\n");
        await _writing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await _stream.WriteAsync(bytes, cancel).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        _reader.Dispose();
    }

    async Task ReadAsync(Action<string, JsonElement> onEvent)
    {
        try
        {
            while (await _reader.ReadLineAsync().ConfigureAwait(false) is { } line) Take(line, onEvent);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            _gone = new LabFailedException("QEMU's monitor broke", exception);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            _gone = new LabFailedException($"QEMU's monitor said what is no QMP: {exception.Message}", exception);
        }
        foreach (var waiting in _asked.Values) waiting.TrySetException(_gone);
    }

    void Take(string line, Action<string, JsonElement> onEvent)
    {
        using var document = JsonDocument.Parse(line);
        var message = document.RootElement;
        if (message.TryGetProperty("event", out var name))
        {
            onEvent(name.GetString() ?? "", message.TryGetProperty("data", out var data) ? data.Clone() : default);
            return;
        }
        if (!message.TryGetProperty("id", out var id) || !_asked.TryGetValue(id.GetInt64(), out var waiting)) return;
        if (message.TryGetProperty("return", out var result)) waiting.TrySetResult(result.Clone());
        else waiting.TrySetException(new LabFailedException($"QEMU refused a command: {message.GetProperty("error").GetProperty("desc").GetString()}"));
    }
}
