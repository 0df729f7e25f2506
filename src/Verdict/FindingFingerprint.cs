using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Understudy.Verdict;

/// <summary>Names a fault so that its next occurrence is recognised.</summary>
static partial class FindingFingerprint
{
    public static string Of(string rule, string title)
    {
        var stable = Volatile().Replace(title, "#");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{rule}\n{stable}")).AsSpan(0, 8));
    }

    // Hex addresses, then free-standing numbers; digits within an identifier (r8169_poll, eth0) are part of its name.
    [GeneratedRegex(@"\b0x[0-9a-fA-F]+\b|\b[0-9a-f]{8,16}\b|\b\d+\b")]
    private static partial Regex Volatile();
}
