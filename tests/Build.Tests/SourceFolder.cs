namespace Understudy.Build.Tests;

/// <summary>A directory of sources made for one test, and gone after it.</summary>
sealed class SourceFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("understudy-sources-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public SourceFolder With(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this;
    }

    /// <summary>The least module there is; what it says of itself is its license.</summary>
    public SourceFolder WithModule(string name, string more = "") => With($"{name}/Kbuild", $"obj-m := {name}.o\n")
        .With($"{name}/{name}.c", $"#include <linux/module.h>\n{more}\nMODULE_DESCRIPTION(\"{name}\");\nMODULE_LICENSE(\"GPL\");\n");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
