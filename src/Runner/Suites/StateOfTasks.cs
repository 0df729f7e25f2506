using Understudy.Boards;
using Understudy.Guest;

namespace Understudy.Runner.Suites;

/// <summary>What a guest is doing that takes too long, by the kernel's own account (sysrq w, l and t), or by the board's where it is deaf.</summary>
static class StateOfTasks
{
    static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<string>> ReadAsync(IMachine machine, CancellationToken cancel)
    {
        var log = machine.Guest.KernelLog;
        var mark = log.Mark();
        try
        {
            foreach (var key in "wlt") await machine.Guest.SysRqAsync(key, cancel).WaitAsync(s_grace, cancel).ConfigureAwait(false);
            await log.SeesAsync("Show State", s_grace, mark, cancel).ConfigureAwait(false);
            return [.. log.Since(mark).SelectMany(record => record.ToString().Split('\n'))];
        }
        catch (Exception deaf) when (deaf is TimeoutException or GuestException)
        {
            var told = await machine.AskTasksAsync(cancel).ConfigureAwait(false);
            if (told.Length == 0) told = await machine.InspectAsync(cancel).ConfigureAwait(false);
            return [$"the agent does not say what the guest is doing: {deaf.Message}", .. told.Split('\n')];
        }
    }
}
