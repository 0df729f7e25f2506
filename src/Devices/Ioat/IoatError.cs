namespace Understudy.Devices;

/// <summary>Why a channel of an <see cref="Ioat"/> halts: the bits of CHANERR that this model sets.</summary>
[Flags]
public enum IoatError
{
    /// <summary>It did not.</summary>
    None = 0,

    /// <summary>The next descriptor could not be read.</summary>
    NextAddress = 0x4,

    /// <summary>A descriptor is not aligned to 64 bytes.</summary>
    DescriptorAlignment = 0x8,

    /// <summary>The source could not be read. <c>ioatdma</c> recovers from this one and <see cref="WriteData"/>, and resets the channel after any other.</summary>
    ReadData = 0x100,

    /// <summary>The destination could not be written.</summary>
    WriteData = 0x200,

    /// <summary>An operation this device does not have.</summary>
    Control = 0x400,

    /// <summary>A size of zero, or more than XFERCAP allows.</summary>
    Length = 0x800,

    /// <summary>The completion could not be written.</summary>
    CompletionAddress = 0x1000,
}
