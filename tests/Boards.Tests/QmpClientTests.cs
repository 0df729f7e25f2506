using System.Text.Json.Nodes;

namespace Understudy.Boards.Tests;

public sealed class QmpClientTests : IAsyncDisposable
{
    const string Shutdown = """{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}""";

    readonly ScriptedMonitor _qemu = new();

    [Fact]
    public async Task A_command_gets_its_own_answer_with_events_in_between()
    {
        await using var client = await _qemu.ConnectAsync();
        var asked = client.ExecuteAsync("human-monitor-command", new JsonObject { ["command-line"] = "info registers" });
        await _qemu.SayAsync(Shutdown);
        var command = await _qemu.AnswerAsync("""{"return": "RIP=0", "id": @}""");
        Assert.Equal("RIP=0", (await asked).GetString());
        Assert.Equal("info registers", command.GetProperty("arguments").GetProperty("command-line").GetString());
        var (name, data) = Assert.Single(_qemu.Events);
        Assert.Equal(("SHUTDOWN", "guest-reset"), (name, data.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task Answers_may_come_in_another_order_than_the_questions()
    {
        await using var client = await _qemu.ConnectAsync();
        var (first, second) = (client.ExecuteAsync("query-status"), client.ExecuteAsync("query-name"));
        await _qemu.SayAsync("""{"return": "second", "id": 3}""");
        Assert.Equal("second", (await second).GetString());
        await _qemu.SayAsync("""{"return": "first", "id": 2}""");
        Assert.Equal("first", (await first).GetString());
    }

    [Fact]
    public async Task A_refusal_comes_with_QEMUs_own_words()
    {
        await using var client = await _qemu.ConnectAsync();
        var asked = client.ExecuteAsync("jump");
        await _qemu.AnswerAsync("""{"error": {"class": "CommandNotFound", "desc": "The command jump has not been found"}, "id": @}""");
        Assert.Contains("The command jump has not been found", (await Assert.ThrowsAsync<LabFailedException>(() => asked)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qemu: some stray words")]
    [InlineData("[1, 2]")]
    [InlineData("\"text\"")]
    [InlineData("""{"return": {}, "id": "seven"}""")]
    [InlineData("""{"error": "no object", "id": 2}""")]
    [InlineData("""{"event": 12, "data": {}}""")]
    public async Task Garbage_ends_the_conversation_and_is_told(string line)
    {
        await using var client = await _qemu.ConnectAsync();
        var asked = client.ExecuteAsync("query-status");
        await _qemu.SayAsync(line);
        Assert.Contains("no QMP", (await Assert.ThrowsAsync<LabFailedException>(() => asked)).Message, StringComparison.Ordinal);
        await client.Ended;
        await Assert.ThrowsAsync<LabFailedException>(() => client.ExecuteAsync("query-status"));
    }

    [Fact]
    public async Task The_end_in_the_middle_of_an_answer_reaches_whoever_waits()
    {
        await using var client = await _qemu.ConnectAsync();
        var asked = client.ExecuteAsync("query-status");
        await _qemu.SayAsync(Shutdown);
        _qemu.Hang();
        await Assert.ThrowsAsync<LabFailedException>(() => asked);
        await client.Ended;
        Assert.Single(_qemu.Events);
        await Assert.ThrowsAsync<LabFailedException>(() => client.ExecuteAsync("query-status"));
    }

    [Fact]
    public async Task QEMU_gone_before_it_greeted_is_an_error()
    {
        var connecting = await _qemu.OpenAsync();
        _qemu.Hang();
        await Assert.ThrowsAsync<LabFailedException>(() => connecting);
    }

    [Fact]
    public async Task A_question_can_be_given_up()
    {
        await using var client = await _qemu.ConnectAsync();
        using var enough = new CancellationTokenSource();
        var asked = client.ExecuteAsync("query-status", null, enough.Token);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await _qemu.AnswerAsync("""{"return": {}, "id": @}""");
        var next = client.ExecuteAsync("query-name");
        await _qemu.AnswerAsync("""{"return": "name", "id": @}""");
        Assert.Equal("name", (await next).GetString());
    }

    public ValueTask DisposeAsync() => _qemu.DisposeAsync();
}
