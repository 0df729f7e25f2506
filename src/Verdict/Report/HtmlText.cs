using System.Net;
using System.Text;

namespace Understudy.Verdict.Report;

/// <summary>HTML in the making: <see cref="Raw"/> takes only what this project wrote, all else goes through <see cref="Text"/>.</summary>
sealed class HtmlText
{
    readonly StringBuilder _html = new(64 * 1024);

    public HtmlText Raw(string ours)
    {
        _html.Append(ours);
        return this;
    }

    public HtmlText Text(string? anybodys)
    {
        _html.Append(WebUtility.HtmlEncode(anybodys));
        return this;
    }

    public override string ToString() => _html.ToString();
}
