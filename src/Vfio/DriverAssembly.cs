using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.Loader;

namespace Understudy.Vfio;

/// <summary>An assembly of somebody else's, and the drivers in it.</summary>
[RequiresUnreferencedCode("Loads an assembly, which may need what was trimmed away.")]
static class DriverAssembly
{
    /// <exception cref="VfioException">There is no such file, no driver in it, or it was built against another version of this library.</exception>
    public static IReadOnlyList<(DrivesAttribute Drives, Func<VfioDevice, CopyDriver> Create)> Read(string path)
    {
        var assembly = Load(path);
        var ours = typeof(CopyDriver).Assembly.GetName();
        var built = assembly.GetReferencedAssemblies().FirstOrDefault(reference => reference.Name == ours.Name);
        if (built is not null && built.Version != ours.Version) throw OtherVersion(path, $"it was built against {built.Version}");
        var drivers = PublicTypes(path, assembly).Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(CopyDriver))).ToList();
        if (drivers.Count == 0) throw new VfioException($"{path} has no driver in it: that is a public class which is a {typeof(CopyDriver).FullName}, with [Drives(vendor, device)] and a public constructor that takes a {nameof(VfioDevice)}");
        return [.. drivers.SelectMany(type => Drivers(path, type))];
    }

    static Assembly Load(string path)
    {
        if (!File.Exists(path)) throw new VfioException($"There is no file {path}; an assembly with a driver is what 'dotnet build' leaves, a .dll");
        var full = Path.GetFullPath(path);
        AssemblyLoadContext.Default.Resolving += (context, name) => Path.Combine(Path.GetDirectoryName(full)!, $"{name.Name}.dll") is var neighbour && File.Exists(neighbour) ? context.LoadFromAssemblyPath(neighbour) : null;
        try
        {
            return AssemblyLoadContext.Default.LoadFromAssemblyPath(full);
        }
        catch (BadImageFormatException)
        {
            throw new VfioException($"{path} is not a .NET assembly; one with a driver is what 'dotnet build' leaves, a .dll");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new VfioException($"{path} cannot be loaded: {wrong.Message}");
        }
    }

    static Type[] PublicTypes(string path, Assembly assembly)
    {
        try
        {
            return assembly.GetExportedTypes();
        }
        catch (Exception wrong) when (IsMissing(wrong))
        {
            throw OtherVersion(path, wrong.Message);
        }
    }

    static IEnumerable<(DrivesAttribute Drives, Func<VfioDevice, CopyDriver> Create)> Drivers(string path, Type type)
    {
        var ids = type.GetCustomAttributes<DrivesAttribute>().ToList();
        if (ids.Count == 0) throw new VfioException($"{type.FullName} in {path} does not say what it drives: [Drives(vendor, device)], for instance [Drives(0x8086, 0x2021)]");
        var constructor = type.GetConstructor([typeof(VfioDevice)]) ?? throw new VfioException($"{type.FullName} in {path} has no public constructor that takes a {nameof(VfioDevice)} and nothing else");
        return ids.Select(id => (id, (Func<VfioDevice, CopyDriver>)(device => Create(path, constructor, device))));
    }

    static CopyDriver Create(string path, ConstructorInfo constructor, VfioDevice device)
    {
        try
        {
            return (CopyDriver)constructor.Invoke([device]);
        }
        catch (Exception thrown)
        {
            var wrong = thrown is TargetInvocationException { InnerException: { } inner } ? inner : thrown;
            throw IsMissing(wrong) ? OtherVersion(path, wrong.Message) : new VfioException($"{constructor.DeclaringType!.FullName} does not take {device.Name}: its constructor threw {wrong.GetType().Name}: {wrong.Message}");
        }
    }

    static bool IsMissing(Exception wrong) => wrong is TypeLoadException or MissingMemberException or FileNotFoundException or FileLoadException;

    static VfioException OtherVersion(string path, string why) => new($"{path} does not fit {typeof(CopyDriver).Assembly.GetName().Name} {typeof(CopyDriver).Assembly.GetName().Version}: {why}. Build it against this version, and for the program that is one file with no more than that program has.");
}
