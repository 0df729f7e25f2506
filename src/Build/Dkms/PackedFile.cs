using System.Text;

namespace Understudy.Build;

/// <summary>A file in a package.</summary>
sealed record PackedFile(string Name, byte[] Content, bool IsExecutable = false)
{
    public string Text => Encoding.UTF8.GetString(Content);
}
