using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>Equal registers in a row. A field declared on the array exists in every element.</summary>
public sealed class RegisterArray
{
    readonly Register[] _elements;

    internal RegisterArray(Register[] elements) => _elements = elements;

    /// <summary>Number of registers.</summary>
    public int Count => _elements.Length;

    /// <summary>One of them.</summary>
    public Register this[int index] => _elements[index];

    /// <summary>Makes every bit of every element read/write.</summary>
    public RegisterArray ReadWrite()
    {
        foreach (var element in _elements) element.ReadWrite();
        return this;
    }

    /// <summary>Declares a field in every element; returns them by element.</summary>
    /// <param name="high">Highest bit.</param>
    /// <param name="low">Lowest bit.</param>
    /// <param name="access">What a bus access does to it.</param>
    /// <param name="name">The datasheet's name.</param>
    public IReadOnlyList<Bits> Field(int high, int low, Access access, [CallerMemberName] string name = "")
        => [.. _elements.Select(element => element.Add(high, low, access, name))];
}
