using System.Globalization;
using Understudy.Verdict.Report;

namespace Understudy.Runner.Sweeps;

/// <summary>The picture: the driver's touches from first to last, the effects beside each other, a cell for each fault.</summary>
static class SweepHeatMap
{
    public static void Render(SweepSummary summary, HtmlText page)
    {
        var effects = summary.Points.Select(point => point.Rule.Effect.ToString()).Distinct().ToList();
        var places = Places(summary);
        page.Raw("<section><h2>Every touch, every effect</h2>\n<p class=\"key\"><span><i class=\"survived\"></i>survived</span><span><i class=\"found\"></i>not survived</span><span><i class=\"broken\"></i>the lab broke, or it came only once</span></p>\n<div class=\"heat\" tabindex=\"0\"><table id=\"heat\"><thead><tr><th></th>");
        foreach (var effect in effects) page.Raw("<th scope=\"col\"><span>").Text(effect).Raw("</span></th>");
        page.Raw("</tr></thead><tbody>\n");
        var step = "";
        foreach (var (touch, points) in places)
        {
            if (touch.Step != step) page.Raw($"<tr class=\"step\"><th colspan=\"{(effects.Count + 1).ToString(CultureInfo.InvariantCulture)}\">").Text(touch.Step).Raw("</th></tr>\n");
            step = touch.Step;
            Row(summary, touch, points, effects, page);
        }
        page.Raw("</tbody></table></div></section>\n");
    }

    // In the order of the run, not in that of the trying.
    static IReadOnlyList<(SweepTouch Touch, ILookup<string, SweepPoint> Points)> Places(SweepSummary summary)
    {
        var order = summary.Touches.Select((touch, index) => (touch, index)).ToDictionary(place => place.touch, place => place.index);
        return [.. summary.Points.GroupBy(point => point.Touch).OrderBy(same => order.GetValueOrDefault(same.Key, int.MaxValue))
            .Select(same => (same.Key, same.ToLookup(point => point.Rule.Effect.ToString())))];
    }

    static void Row(SweepSummary summary, SweepTouch touch, ILookup<string, SweepPoint> points, List<string> effects, HtmlText page)
    {
        page.Raw("<tr><th scope=\"row\">").Text(touch.ToString()).Raw("</th>");
        foreach (var effect in effects) Cell(summary, points[effect].FirstOrDefault(), page);
        page.Raw("</tr>\n");
    }

    static void Cell(SweepSummary summary, SweepPoint? point, HtmlText page)
    {
        if (point is null || !summary.Results.TryGetValue(point.Text, out var result))
        {
            page.Raw("<td></td>");
            return;
        }
        var word = result.Outcome switch { SweepOutcome.Survived => "survived", SweepOutcome.Found => "found", SweepOutcome.Broken or SweepOutcome.Unsteady => "broken", _ => "notReached" };
        var title = $"{point.Text}: {(result.Findings.Count > 0 ? result.Findings[0].Title : result.Detail ?? word)}";
        if (result.Run is { } run) page.Raw($"<td><a class=\"{word}\" href=\"").Text($"{run}/report.html").Raw("\" title=\"").Text(title).Raw("\"></a></td>");
        else page.Raw($"<td><i class=\"{word}\" title=\"").Text(title).Raw("\"></i></td>");
    }
}
