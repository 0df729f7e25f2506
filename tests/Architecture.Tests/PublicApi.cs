using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Understudy.Architecture.Tests;

/// <summary>An assembly's public and protected members as text, one a line, sorted.</summary>
static class PublicApi
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(bool)] = "bool", [typeof(byte)] = "byte", [typeof(short)] = "short", [typeof(ushort)] = "ushort",
        [typeof(int)] = "int", [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(double)] = "double",
        [typeof(string)] = "string", [typeof(object)] = "object",
    };

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(Name, StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach (var line in Members(type).Order(StringComparer.Ordinal)) text.Append("    ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    static string Header(Type type)
    {
        var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
            : type.IsValueType ? (type.IsByRefLike ? "ref struct" : "struct")
            : type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
        var parents = new List<Type>();
        if (type.IsClass && type.BaseType is { } parent && parent != typeof(object)) parents.Add(parent);
        if (!type.IsEnum) parents.AddRange(type.GetInterfaces().Where(i => i.IsPublic));
        return $"{kind} {Name(type)}{(parents.Count == 0 ? "" : " : " + string.Join(", ", parents.Select(Name)))}";
    }

    static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}");
        var fields = type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily)
            .Select(field => $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}");
        var constructors = type.GetConstructors(Declared).Where(Visible).Select(made => $"{Reach(made)}new({Parameters(made)})");
        var properties = type.GetProperties(Declared).Where(property => property.GetAccessors(true).Any(Visible) && property.Name != "EqualityContract").Select(Property);
        var events = type.GetEvents(Declared).Where(e => Visible(e.AddMethod!)).Select(e => $"event {Name(e.EventHandlerType!)} {e.Name}");
        var methods = type.GetMethods(Declared).Where(method => Visible(method) && !method.IsDefined(typeof(CompilerGeneratedAttribute))
            && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))).Select(Method);
        return [.. fields, .. constructors, .. properties, .. events, .. methods];
    }

    static bool Visible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    static string Reach(MethodBase method)
        => (method.IsPublic ? "" : "protected ") + (method.IsStatic ? "static " : "")
            + (method is { IsAbstract: true, DeclaringType.IsInterface: false } ? "abstract "
                : method is MethodInfo { IsVirtual: true, IsFinal: false } info ? (info.GetBaseDefinition() == info ? "virtual " : "override ") : "");

    static string Property(PropertyInfo property)
    {
        var shown = property.GetAccessors(true).First(Visible);
        var setter = property.SetMethod is { } set && Visible(set)
            ? set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;" : set.IsPublic ? " set;" : " protected set;" : "";
        var index = string.Join(", ", property.GetIndexParameters().Select(Parameter));
        return $"{Reach(shown)}{Name(property.PropertyType)} {(index.Length > 0 ? $"this[{index}]" : property.Name)} {{{(property.GetMethod is { } get && Visible(get) ? " get;" : "")}{setter} }}";
    }

    static string Method(MethodInfo method)
    {
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        return $"{Reach(method)}{Name(method.ReturnType)} {method.Name}{generic}({Parameters(method)})";
    }

    static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    static string Parameter(ParameterInfo parameter)
    {
        var how = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : "";
        var byDefault = !parameter.HasDefaultValue ? "" : " = " + (parameter.DefaultValue switch
        {
            null => parameter.ParameterType.IsValueType ? "default" : "null",
            string text => $"\"{text}\"",
            bool flag => flag ? "true" : "false",
            var value => Convert.ToString(value, CultureInfo.InvariantCulture),
        });
        return $"{how}{Name(parameter.ParameterType)} {parameter.Name}{byDefault}";
    }

    static string Name(Type type)
    {
        if (type.IsByRef) return Name(type.GetElementType()!);
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter) return type.Name;
        if (Keywords.TryGetValue(type, out var keyword)) return keyword;
        if (Nullable.GetUnderlyingType(type) is { } inner) return Name(inner) + "?";
        var name = type.IsNested ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? name : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
