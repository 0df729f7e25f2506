using Understudy.Guest;
using Understudy.Transports.TimeTravel;

namespace Understudy.Boards;

/// <summary>Passes on to the calendar who waits for whom.</summary>
sealed class CalendarTime(Calendar calendar) : IGuestTime
{
    public void Begin() => calendar.Begin();

    public void End() => calendar.End();

    public void Hold() => calendar.Hold();

    public void Release() => calendar.Release();
}
