using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Values;

namespace Ryuso;

/// <summary>The program ran and failed. What it had done was undone, unless it is <see cref="IsStuck"/>.</summary>
public sealed class ProgramFailedException : Exception
{
    /// <summary>Reads the magic variables.</summary>
    /// <param name="answer">The server's answer.</param>
    public ProgramFailedException(JsonObject answer) : base(Describe(answer)) => Answer = answer;

    /// <summary>The whole answer: the outputs that are present, the magic variables, the metadata.</summary>
    public JsonObject Answer { get; }

    /// <summary>Why, in words for people (<c>_error</c>).</summary>
    public string Error => ErrorOf(Answer);

    /// <summary>
    /// Why, for programs (<c>_error_code</c>): the failed hook's own code, otherwise <c>failed</c>, <c>refused</c>, <c>threw</c>,
    /// <c>timed_out</c>, <c>invalid_arguments</c>, <c>invalid_outputs</c> or <c>interrupted</c>. Empty where a server before codes answered.
    /// </summary>
    public string ErrorCode => AnswerJson.Text(Answer, ReservedNames.ErrorCode) ?? "";

    /// <summary>
    /// Whether undoing failed, so that an operator must look (<c>_rectifier_fail</c>); <see cref="Unrectified"/> says what was left.
    /// </summary>
    public bool IsStuck => AnswerJson.Flag(Answer, ReservedNames.RectifierFail);

    /// <summary>Whether the hook that failed last was running as a dependency (<c>_dependency_fail</c>).</summary>
    public bool DependencyFailed => AnswerJson.Flag(Answer, ReservedNames.DependencyFail);

    /// <summary>The reference of the hook that failed last (<c>_last_failed_program</c>).</summary>
    public string? LastFailed => AnswerJson.Text(Answer, ReservedNames.LastFailedProgram);

    /// <summary>The steps in the order in which they were entered (<c>_traceback</c>).</summary>
    public IReadOnlyList<string> Traceback => AnswerJson.List(Answer, ReservedNames.Traceback);

    /// <summary>The steps that were undone, in that order (<c>_rectified</c>).</summary>
    public IReadOnlyList<string> Rectified => AnswerJson.List(Answer, ReservedNames.Rectified);

    /// <summary>The completed steps that have rectifiers and were not undone (<c>_unrectified</c>); none unless the run is stuck.</summary>
    public IReadOnlyList<string> Unrectified => AnswerJson.List(Answer, ReservedNames.Unrectified);

    /// <summary>The program (<c>_program_name</c>).</summary>
    public string? ProgramName => AnswerJson.Text(Answer, ReservedNames.ProgramName);

    /// <summary>When the run began (<c>_program_time_start</c>).</summary>
    public DateTimeOffset StartedAt => DateTimeOffset.FromUnixTimeMilliseconds(AnswerJson.Number(Answer, ReservedNames.ProgramTimeStart));

    /// <summary>The run (<c>_run_id</c>).</summary>
    public string? RunId => AnswerJson.Text(Answer, ReservedNames.RunId);

    private static string ErrorOf(JsonObject answer) => AnswerJson.Text(answer, ReservedNames.Error) ?? "The server gave no reason.";

    private static string Describe(JsonObject answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        string stuck = AnswerJson.Flag(answer, ReservedNames.RectifierFail)
            ? $" The run is stuck; not undone: {string.Join(", ", AnswerJson.List(answer, ReservedNames.Unrectified))}."
            : "";
        return $"The program '{AnswerJson.Text(answer, ReservedNames.ProgramName)}' failed: {ErrorOf(answer)}{stuck}";
    }
}
