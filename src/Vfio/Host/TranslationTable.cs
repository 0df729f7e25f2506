using System.Globalization;

namespace Understudy.Vfio;

/// <summary>What a kernel with CONFIG_INTEL_IOMMU_DEBUGFS shows of a device's translations (drivers/iommu/intel/debugfs.c): a line for each
/// page, with its frame and its entries from the fifth level down to the one that maps it.</summary>
static class TranslationTable
{
    const string Root = "/sys/kernel/debug/iommu/intel";
    static readonly int s_pageShift = int.TrailingZeroCount(Environment.SystemPageSize);

    /// <summary>The size of the page that maps a device address: 0 where none does, and null where the kernel does not show it.</summary>
    public static ulong? PageSize(string address, ulong iova, string root = Root)
    {
        var path = $"{root}/{address}/domain_translation_struct";
        if (!File.Exists(path)) return null;
        foreach (var line in File.ReadLines(path))
        {
            var words = line.Split([' ', '\t', '|'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || Number(words[0]) is not { } frame) continue;
            var size = SizeAt(level: 6 - (words.Length - 1));
            if (iova - (frame << s_pageShift) < size) return size;
        }
        return 0;
    }

    static ulong SizeAt(int level) => level switch { 1 => 1UL << 12, 2 => 1UL << 21, 3 => 1UL << 30, _ => 0 };

    static ulong? Number(string word)
        => word.StartsWith("0x", StringComparison.Ordinal) && ulong.TryParse(word.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value) ? value : null;
}
