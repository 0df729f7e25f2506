using System.Globalization;
using System.Text;

namespace Understudy.Runner.Pipelines;

/// <summary>Workflows of CI services that run the cells of a pipeline, each as a job of its own. Phases gate each other there as they do here.</summary>
public static class PipelineTemplate
{
    const string Program = "./understudy", Cache = ".understudy-cache", Output = "runs/pipeline", Sdk = "10.0";

    /// <summary>A workflow for GitHub Actions.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="cells">Its cells to run.</param>
    /// <param name="file">The pipeline's path, as a job names it.</param>
    public static string GitHub(Pipeline pipeline, IReadOnlyList<PipelineCell> cells, string file)
    {
        var text = new StringBuilder(Head(file, "github")).Append(CultureInfo.InvariantCulture, $$$"""
            name: {{{pipeline.Name}}}
            on: [push, pull_request]
            env:
              XDG_CACHE_HOME: ${{ github.workspace }}/{{{Cache}}}
            jobs:

            """);
        string? before = null;
        foreach (var (job, phase, of) in Jobs(pipeline, cells))
        {
            text.Append(CultureInfo.InvariantCulture, $$$"""
                  {{{job}}}:
                    name: {{{phase}}} (${{ matrix.cell }})
                    runs-on: ubuntu-24.04
                    {{{(before is null ? "timeout-minutes: 30" : $"needs: [{before}]\n    timeout-minutes: 30")}}}
                    strategy:
                      fail-fast: false
                      matrix:
                        cell:
                {{{Lines(of, "          - ")}}}
                    steps:
                      - uses: actions/checkout@v4
                      - uses: actions/setup-dotnet@v4
                        with: {dotnet-version: '{{{Sdk}}}'}
                      - uses: actions/cache@v4
                        with:
                          path: {{{Cache}}}
                          key: understudy-{{{job}}}-${{ strategy.job-index }}-${{ github.run_id }}
                          restore-keys: |
                            understudy-{{{job}}}-${{ strategy.job-index }}-
                            understudy-
                      - run: {{{Program}}} pipeline {{{file}}} --full --cell '${{ matrix.cell }}' --output {{{Output}}}
                      - if: always()
                        uses: actions/upload-artifact@v4
                        with: {name: '{{{job}}}-${{ strategy.job-index }}', path: {{{Output}}}, retention-days: 14}

                """);
            before = job;
        }
        return text.ToString();
    }

    /// <summary>A pipeline for GitLab.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="cells">Its cells to run.</param>
    /// <param name="file">The pipeline's path, as a job names it.</param>
    public static string GitLab(Pipeline pipeline, IReadOnlyList<PipelineCell> cells, string file)
    {
        var jobs = Jobs(pipeline, cells).ToList();
        var text = new StringBuilder(Head(file, "gitlab")).Append(CultureInfo.InvariantCulture, $"""
            stages: [{string.Join(", ", jobs.Select(job => job.Job))}]
            default:
              image: mcr.microsoft.com/dotnet/sdk:{Sdk}
              timeout: 30 minutes
              before_script:
                - apt-get update -qq && apt-get install -y -qq --no-install-recommends apt dpkg util-linux git
              cache: {"{"}key: understudy, paths: [{Cache}]{"}"}
            variables:
              XDG_CACHE_HOME: $CI_PROJECT_DIR/{Cache}

            """);
        foreach (var (job, _, of) in jobs)
            text.Append(CultureInfo.InvariantCulture, $"""
                {job}:
                  stage: {job}
                  parallel:
                    matrix:
                      - CELL:
                {Lines(of, "          - ")}
                  script:
                    - {Program} pipeline {file} --full --cell "$CELL" --output {Output}
                  artifacts: {"{"}when: always, paths: [{Output}], expire_in: 2 weeks{"}"}

                """);
        return text.ToString();
    }

    static string Head(string file, string service) => $"# Made by: understudy pipeline {file} --template {service}\n";

    // A job begins on an empty machine: what puts together the files of others runs there after them, and finds none.
    static IEnumerable<(string Job, string Phase, IReadOnlyList<PipelineCell> Cells)> Jobs(Pipeline pipeline, IReadOnlyList<PipelineCell> cells)
        => pipeline.Phases.Select(phase => (Plain(phase.Name), phase.Name, (IReadOnlyList<PipelineCell>)[.. cells.Where(cell => cell.Phase == phase.Name && cell.Step.Kind != StepKind.Artefacts)])).Where(job => job.Item3.Count > 0);

    static string Lines(IReadOnlyList<PipelineCell> cells, string before) => string.Join('\n', cells.Select(cell => $"{before}{cell.Selector}"));

    static string Plain(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-'));
}
