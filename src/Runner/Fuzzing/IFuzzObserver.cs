namespace Understudy.Runner.Fuzzing;

/// <summary>Told how fuzzing goes, from any thread, one call at a time.</summary>
public interface IFuzzObserver
{
    /// <summary>A case was tried.</summary>
    /// <param name="cases">Cases so far.</param>
    /// <param name="kept">Of those, how many showed something new.</param>
    /// <param name="features">What all have shown.</param>
    void Tried(int cases, int kept, int features);

    /// <summary>Something was found that no case before had shown.</summary>
    void Found(FuzzFinding finding);
}
