using Microsoft.Playwright;

namespace Understudy.Verdict.Tests;

/// <summary>A report in a real browser that may not talk to anybody.</summary>
sealed class ReportPage : IAsyncDisposable
{
    const string Chromium = "/usr/bin/chromium";

    // Milliseconds, for a host that is busy with other tests.
    const float Patience = 180_000;

    readonly IPlaywright _playwright;
    readonly IBrowser _browser;

    ReportPage(IPlaywright playwright, IBrowser browser, IPage page)
    {
        _playwright = playwright;
        _browser = browser;
        Page = page;
        page.Console += (_, message) => Messages.Add($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => Messages.Add(error);
        page.Request += (_, request) => Requests.Add(request.Url);
    }

    public IPage Page { get; }

    public List<string> Messages { get; } = [];

    public List<string> Requests { get; } = [];

    public static async Task<ReportPage> OpenAsync(string path, int width = 1400, int height = 1000, ColorScheme scheme = ColorScheme.Light)
    {
        if (!File.Exists(Chromium)) Assert.Skip($"{Chromium} is not installed: apt-get install chromium");
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Chromium,
            Timeout = Patience,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme });
        page.SetDefaultTimeout(Patience);
        var report = new ReportPage(playwright, browser, page);
        await page.GotoAsync("file://" + path);
        return report;
    }

    public Task<string> TextAsync(string selector) => Page.Locator(selector).First.InnerTextAsync();

    /// <summary>The times at the left of all rows of a column that are in the document.</summary>
    public async Task<double[]> TimesAsync(string column, string filter = "")
    {
        var texts = await Page.Locator($"#{column} .row{filter} .t").AllInnerTextsAsync();
        return [.. texts.Select(t => double.Parse(t, System.Globalization.CultureInfo.InvariantCulture))];
    }

    public Task<double> ScrollTopAsync(string column) => Page.Locator($"#{column} .pane").EvaluateAsync<double>("e => e.scrollTop");

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
