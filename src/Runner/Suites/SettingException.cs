namespace Understudy.Runner.Suites;

/// <summary>A value is not what its key wants.</summary>
sealed class SettingException(int line, string message) : Exception(message)
{
    public int Line => line;
}
