namespace Understudy.Boards;

/// <summary>Something that can run a kernel with devices.</summary>
public interface IBoard
{
    /// <summary>The board's name in catalogs and reports.</summary>
    string Name { get; }

    /// <summary>Makes a machine that is off. Plug devices into <see cref="IMachine.Pci"/>, then switch it on.</summary>
    /// <exception cref="LabFailedException">The board cannot make one.</exception>
    IMachine Assemble(BootSpec spec);
}
