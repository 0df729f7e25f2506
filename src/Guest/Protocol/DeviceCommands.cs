using System.Text;

namespace Understudy.Guest.Protocol;

/// <summary>Takes the guest's device commands to the host's handler and the answers back.</summary>
sealed class DeviceCommands(Func<DeviceCommand, Task<DeviceReply>>? handler, IGuestTime? time = null)
{
    // As many as the agent has room for; a guest that sends more is not our agent.
    const int AtOnceMax = 64;

    int _underWay;

    public void Take(in Frame frame, AgentConnection connection)
    {
        var payload = new PayloadReader(frame.Type, frame.Payload.Span);
        if (payload.Texts() is not [var device, .. var words]) throw new InvalidDataException("a device command names no device");
        if (Interlocked.Increment(ref _underWay) > AtOnceMax) throw new InvalidDataException($"more than {AtOnceMax} device commands at once");
        time?.Hold();
        var (id, command) = (frame.Id, new DeviceCommand(device, words));
        _ = Task.Run(() => AnswerAsync(command, id, connection));
    }

    async Task AnswerAsync(DeviceCommand command, uint id, AgentConnection connection)
    {
        try
        {
            var reply = await AskAsync(command);
            await connection.ReplyAsync(FrameOf(reply), id);
        }
        catch (GuestLostException)
        {
            // Nobody is there to hear it; everyone who waits for this guest is told by the connection.
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
            time?.Release();
        }
    }

    async Task<DeviceReply> AskAsync(DeviceCommand command)
    {
        if (handler is null) return new("no device takes commands in this run\n", 1);
        try
        {
            return await handler(command);
        }
#pragma warning disable CA1031 // The one who asked is in the guest and is told; nobody on the host called us.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return new($"{command.Device}: {failure.Message}\n", 1);
        }
    }

    static FrameWriter FrameOf(DeviceReply reply)
    {
        var text = reply.Text.Replace('\0', ' ');
        if (Encoding.UTF8.GetByteCount(text) > Frame.PayloadMax - 16) text = text[..(Frame.PayloadMax / 4)] + "\n[... cut ...]\n";
        return new FrameWriter(FrameType.DeviceReply).U32((uint)reply.ExitCode).Text(text);
    }
}
