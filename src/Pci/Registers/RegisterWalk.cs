namespace Understudy.Pci;

/// <summary>Goes through what one access meets, register by register, in included blocks too. Allocates nothing.</summary>
ref struct RegisterWalk
{
    readonly RegisterFile _root;
    readonly int _start, _end;
    int _at;

    public RegisterWalk(RegisterFile file, int offset, int length) => (_root, File, _start, _at, _end) = (file, file, offset, offset, offset + length);

    /// <summary>The values it belongs to.</summary>
    public RegisterFile File { get; private set; }

    /// <summary>The register met; null for plain memory and for what nothing documents.</summary>
    public Register? Register { get; private set; }

    /// <summary>Plain memory was met.</summary>
    public bool IsMemory { get; private set; }

    /// <summary>The register's first byte the access covers.</summary>
    public int Lane { get; private set; }

    /// <summary>Bytes of the access that are this register's.</summary>
    public int Bytes { get; private set; }

    /// <summary>Where in the access they are.</summary>
    public int Position { get; private set; }

    /// <summary>The bits of the register that the access covers.</summary>
    public readonly ulong Covered => (Bytes == 8 ? ulong.MaxValue : (1UL << (8 * Bytes)) - 1) << (8 * Lane);

    /// <summary>Goes to the next.</summary>
    public bool MoveNext()
    {
        if (_at >= _end) return false;
        (File, Register, IsMemory, Lane, Position) = (_root, null, false, 0, _at - _start);
        var inFile = _at;
        while (File.Map.OwnAt(inFile) is null && File.Map.BlockAt(inFile) is { } block) (File, inFile) = (File[block], inFile - block.Offset);
        Register = File.Map.OwnAt(inFile);
        IsMemory = Register is null && File.Map.WindowAt(inFile) is not null;
        if (Register is not null) Lane = inFile - Register.Offset;
        Bytes = Register is null ? 1 : Math.Min(Register.Bytes - Lane, _end - _at);
        _at += Bytes;
        return true;
    }

    /// <summary>The part of an access's data that is this register's, in its place there.</summary>
    public readonly ulong Value(ReadOnlySpan<byte> data)
    {
        ulong value = 0;
        for (var i = Bytes - 1; i >= 0; i--) value = value << 8 | data[Position + i];
        return value << (8 * Lane);
    }
}
