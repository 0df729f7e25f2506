using System.Globalization;
using Understudy.Boards;
using Understudy.Build;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Bisection;

/// <summary>Walks a git history to the first commit at which a test fails: halves what is left, leaves out what does not build.</summary>
/// <param name="toolbox">Where everything comes from.</param>
/// <param name="request">What to look for.</param>
/// <param name="tells">Told each verdict as it comes.</param>
/// <param name="observer">Watches the runs.</param>
public sealed class Bisector(Toolbox toolbox, BisectRequest request, Action<CommitVerdict> tells, ISuiteObserver observer)
{
    readonly List<CommitVerdict> _tried = [];

    /// <summary>Looks for it.</summary>
    /// <exception cref="StepFailedException">The good commit is not good, or the bad one not bad.</exception>
    /// <exception cref="ToolchainException">A commit does not exist, or something cannot be fetched.</exception>
    /// <exception cref="LabFailedException">The lab broke a run twice.</exception>
    public async Task<BisectResult> PlayAsync(CancellationToken cancel = default)
    {
        var (good, bad) = (await request.Repository.ResolveAsync(request.Good, cancel).ConfigureAwait(false), await request.Repository.ResolveAsync(request.Bad, cancel).ConfigureAwait(false));
        if (!await request.Repository.IsAncestorAsync(good, bad, cancel).ConfigureAwait(false)) throw new StepFailedException($"{request.Good} is not in the history of {request.Bad}: nothing lies between them");
        await RequireAsync(good, "good", request.Good, cancel).ConfigureAwait(false);
        await RequireAsync(bad, "bad", request.Bad, cancel).ConfigureAwait(false);
        HashSet<string> goods = [good], skipped = [];
        while (true)
        {
            var candidates = await request.Repository.CandidatesAsync(bad, goods, cancel).ConfigureAwait(false);
            var next = candidates.FirstOrDefault(commit => commit != bad && !skipped.Contains(commit));
            if (next is null) return await ConcludeAsync(bad, candidates, cancel).ConfigureAwait(false);
            switch ((await TryAsync(next, candidates.Count, cancel).ConfigureAwait(false)).Word)
            {
                case "good":
                    goods.Add(next);
                    break;
                case "bad":
                    bad = next;
                    break;
                default:
                    skipped.Add(next);
                    break;
            }
        }
    }

    async Task RequireAsync(string commit, string word, string name, CancellationToken cancel)
    {
        var verdict = await TryAsync(commit, 0, cancel).ConfigureAwait(false);
        if (verdict.Word != word) throw new StepFailedException($"{name} ({verdict.Description}) is not {word}: {verdict.Outcome.Word()}, {verdict.Reason}");
    }

    async Task<BisectResult> ConcludeAsync(string bad, IReadOnlyList<string> candidates, CancellationToken cancel)
    {
        var description = await request.Repository.DescribeAsync(bad, cancel).ConfigureAwait(false);
        if (candidates.Count > 1)
            return new BisectResult(null, "", [.. await Task.WhenAll(candidates.Select(commit => request.Repository.DescribeAsync(commit, cancel))).ConfigureAwait(false)], 0, 0, _tried);
        var confirmed = 0;
        for (var run = 0; run < request.Confirmations; run++)
            if ((await TryAsync(bad, 1, cancel).ConfigureAwait(false)).Word == "bad") confirmed++;
        return new BisectResult(bad, description, [], confirmed, request.Confirmations, _tried);
    }

    async Task<CommitVerdict> TryAsync(string commit, int left, CancellationToken cancel)
    {
        var description = await request.Repository.DescribeAsync(commit, cancel).ConfigureAwait(false);
        var (outcome, reason) = await RunAsync(commit, cancel).ConfigureAwait(false);
        if (outcome == Outcome.Broken) throw new LabFailedException($"the lab broke the run at {description}: {reason}");
        var verdict = new CommitVerdict(commit, description, outcome, reason, left);
        _tried.Add(verdict);
        tells(verdict);
        return verdict;
    }

    async Task<(Outcome, string)> RunAsync(string commit, CancellationToken cancel)
    {
        var output = Path.Combine(request.Output, string.Create(CultureInfo.InvariantCulture, $"{_tried.Count + 1:00}-{commit[..12]}"));
        var suite = new SuiteRequest([request.Test], output, $"understudy run {request.Test.Tests[0].Path}");
        try
        {
            suite = request.Repository.IsKernel ? await OnKernelAsync(suite, commit, cancel).ConfigureAwait(false) : await OfModulesAsync(suite, commit, cancel).ConfigureAwait(false);
        }
        catch (BuildFailedException failed)
        {
            return (Outcome.Error, failed.Message);
        }
        var summary = await SuiteRun.PlayAsync(toolbox, suite, observer, cancel).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        var result = summary.Results.Single();
        return (result.Outcome, result.Verdict.Reason);
    }

    async Task<SuiteRequest> OnKernelAsync(SuiteRequest suite, string commit, CancellationToken cancel)
    {
        var recipe = (request.Recipe ?? new KernelRecipe("")) with { Source = request.Repository.Root, Ref = commit };
        var build = await new KernelBuilder(toolbox).BuildAsync(recipe, cancel: cancel).ConfigureAwait(false);
        return suite with { Kernels = [build.Image!], Modules = build.Modules };
    }

    // The test is today's; the modules it names by their directory are the commit's.
    async Task<SuiteRequest> OfModulesAsync(SuiteRequest suite, string commit, CancellationToken cancel)
    {
        var tree = await request.Repository.UnpackAsync(commit, cancel).ConfigureAwait(false);
        var tests = request.Test.Tests.Select(test => test with { Settings = test.Settings with { Modules = [.. test.Settings.Modules.Select(module => Then(module, tree))] } });
        return suite with { Suites = [request.Test with { Tests = [.. tests] }], Kernels = request.Kernel is { } kernel ? [kernel] : [] };
    }

    PlannedModule Then(PlannedModule module, string tree)
    {
        var path = Path.GetRelativePath(request.Repository.Root, module.Name);
        return !module.IsPath || path.StartsWith("..", StringComparison.Ordinal) ? module : module with { Name = Path.Combine(tree, path) };
    }
}
