namespace Understudy.Boards;

/// <summary>Something that can run a kernel with devices.</summary>
public interface IBoard
{
    /// <summary>The board's name in catalogs.</summary>
    string Name { get; }

    /// <summary>What it is in reports: <c>qemu-q35</c>.</summary>
    string Model { get; }

    /// <summary>What it cannot do.</summary>
    BoardTraits Traits { get; }

    /// <summary>What will run guests here, and why that and nothing faster.</summary>
    Accelerator Accelerator { get; }

    /// <summary>Makes a machine that is off. Plug devices into <see cref="IMachine.Pci"/>, then switch it on.</summary>
    /// <exception cref="LabFailedException">The board cannot make one.</exception>
    IMachine Assemble(BootSpec spec);
}
