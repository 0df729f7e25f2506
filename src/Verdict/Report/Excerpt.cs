namespace Understudy.Verdict.Report;

/// <summary>The first and the last of many, so that a page stays quick whatever a guest wrote.</summary>
sealed class Excerpt<T>
{
    readonly int _most;
    readonly List<T> _head = [];
    readonly Queue<T> _tail = [];

    public Excerpt(IEnumerable<T> all, int most)
    {
        _most = most;
        foreach (var item in all) Add(item);
    }

    public long LeftOut { get; private set; }

    /// <summary>Where the gap is, when something is left out.</summary>
    public int Gap => _head.Count;

    public int Count => _head.Count + _tail.Count;

    public IEnumerable<T> Items => _head.Concat(_tail);

    void Add(T item)
    {
        if (_head.Count < _most / 4)
        {
            _head.Add(item);
            return;
        }
        _tail.Enqueue(item);
        if (_tail.Count <= _most - (_most / 4)) return;
        _tail.Dequeue();
        LeftOut++;
    }
}
