namespace Understudy.Runner.Sweeps;

/// <summary>The faults of a sweep that are still to be tried, in their order. From any thread.</summary>
sealed class SweepQueue(IEnumerable<SweepPoint> points)
{
    readonly Lock _lock = new();
    readonly LinkedList<SweepPoint> _points = new(points);

    public SweepPoint? Next()
    {
        lock (_lock)
        {
            if (_points.First is not { } first) return null;
            _points.RemoveFirst();
            return first.Value;
        }
    }

    /// <summary>What struck here brought the driver to lines it had not been in: the other faults of the same place come next.</summary>
    public void Favour(SweepPoint struck)
    {
        lock (_lock)
        {
            var place = (struck.Touch.Device, struck.Touch.Op, struck.Touch.Target);
            var favoured = _points.Where(point => (point.Touch.Device, point.Touch.Op, point.Touch.Target) == place).ToList();
            foreach (var point in Enumerable.Reverse(favoured))
            {
                _points.Remove(point);
                _points.AddFirst(point);
            }
        }
    }
}
