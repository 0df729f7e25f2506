namespace Understudy.Toolchain;

/// <summary>Orders package versions as dpkg does (Debian Policy 5.6.12; deb-version(7)).</summary>
sealed class DebianVersion : IComparer<string>
{
    public static readonly DebianVersion Order = new();

    public int Compare(string? x, string? y)
    {
        var (epochX, upstreamX, revisionX) = Split(x ?? "");
        var (epochY, upstreamY, revisionY) = Split(y ?? "");
        if (epochX != epochY) return epochX.CompareTo(epochY);
        var upstream = ComparePart(upstreamX, upstreamY);
        return upstream != 0 ? upstream : ComparePart(revisionX, revisionY);
    }

    static (long Epoch, string Upstream, string Revision) Split(string version)
    {
        long epoch = 0;
        var colon = version.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && long.TryParse(version.AsSpan(0, colon), out epoch)) version = version[(colon + 1)..];
        var dash = version.LastIndexOf('-');
        return dash < 0 ? (epoch, version, "") : (epoch, version[..dash], version[(dash + 1)..]);
    }

    static int ComparePart(string x, string y)
    {
        int i = 0, j = 0;
        while (i < x.Length || j < y.Length)
        {
            while ((i < x.Length && !char.IsAsciiDigit(x[i])) || (j < y.Length && !char.IsAsciiDigit(y[j])))
            {
                var difference = Weight(x, i) - Weight(y, j);
                if (difference != 0) return difference;
                i++;
                j++;
            }
            var digits = TakeDigits(x, ref i).CompareTo(TakeDigits(y, ref j), StringComparison.Ordinal);
            if (digits != 0) return digits;
        }
        return 0;
    }

    // The tilde sorts before the end, the end before letters, letters before all else.
    static int Weight(string part, int at)
    {
        if (at >= part.Length || char.IsAsciiDigit(part[at])) return 0;
        return part[at] == '~' ? -1 : char.IsAsciiLetter(part[at]) ? part[at] : part[at] + 256;
    }

    static Digits TakeDigits(string part, ref int at)
    {
        var start = at;
        while (at < part.Length && char.IsAsciiDigit(part[at])) at++;
        return new Digits(part[start..at].TrimStart('0'));
    }

    readonly record struct Digits(string Text)
    {
        public int CompareTo(Digits other, StringComparison how) =>
            Text.Length != other.Text.Length ? Text.Length.CompareTo(other.Text.Length) : string.Compare(Text, other.Text, how);
    }
}
