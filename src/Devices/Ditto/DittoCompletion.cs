using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>An entry of the completion ring, as the card writes it. Its owner word, last, counts completions since reset from 1.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
struct DittoCompletion
{
    public uint Tag, Length, Status, Sequence;
}
