using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Values;

namespace Ryuso;

/// <summary>How a run ended: the answer as JSON, and what callers ask of it first.</summary>
public class ProgramResult
{
    // Hooks may nest their outputs deeper than requests may be.
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 1000 };

    /// <summary>The JSON of a successful answer, parsed when <see cref="Answer"/> is first read; null where the answer was given.</summary>
    private readonly byte[]? _outputs;
    private JsonObject? _answer;

    /// <summary>Wraps an answer.</summary>
    /// <param name="answer">The answer that a client of the socket would get.</param>
    public ProgramResult(JsonObject answer) => _answer = answer ?? throw new ArgumentNullException(nameof(answer));

    /// <summary>Wraps the answer of a successful run.</summary>
    internal ProgramResult(byte[] outputs) => _outputs = outputs;

    /// <summary>The whole answer: the outputs, and on failure the magic variables.</summary>
    public JsonObject Answer => _answer ?? Interlocked.CompareExchange(ref _answer, Parse(_outputs), null) ?? _answer;

    /// <summary>Whether the run succeeded.</summary>
    public bool IsSuccess => _outputs is not null || Answer["_program_fail"] is null;

    /// <summary>Whether nothing ran because the request was refused.</summary>
    public bool IsRejected => _outputs is null && Answer["_server_error"] is not null;

    /// <summary>Whether rectification failed, so that an operator must look (<c>_rectifier_fail</c>).</summary>
    public bool IsStuck => _outputs is null && Answer["_rectifier_fail"] is { } stuck && stuck.GetValue<bool>();

    /// <summary>Why the run failed or was rejected; null on success.</summary>
    public string? Error => _outputs is null ? (Answer["_error"] ?? Answer["_server_error"])?.GetValue<string>() : null;

    /// <summary>
    /// Why, for programs (<c>_error_code</c>): of a run the failed hook's own code, otherwise <c>failed</c>, <c>refused</c>, <c>threw</c>,
    /// <c>timed_out</c>, <c>invalid_arguments</c>, <c>invalid_outputs</c> or <c>interrupted</c>; of a rejected request <c>busy</c>,
    /// <c>unknown_program</c> and the like. Null on success.
    /// </summary>
    public string? ErrorCode => _outputs is null ? AnswerJson.Text(Answer, ReservedNames.ErrorCode) : null;

    /// <summary>The reference of the hook that failed last (<c>_last_failed_program</c>); null on success and where nothing ran.</summary>
    public string? LastFailed => _outputs is null ? AnswerJson.Text(Answer, ReservedNames.LastFailedProgram) : null;

    /// <summary>The steps that were reversed, in that order (<c>_rectified</c>).</summary>
    public IReadOnlyList<string> Rectified => _outputs is null ? AnswerJson.List(Answer, ReservedNames.Rectified) : [];

    /// <summary>The completed steps that have rectifiers and were not reversed (<c>_unrectified</c>); none unless the run is stuck.</summary>
    public IReadOnlyList<string> Unrectified => _outputs is null ? AnswerJson.List(Answer, ReservedNames.Unrectified) : [];

    internal static JsonObject Parse(ReadOnlySpan<byte> answer) => (JsonObject)JsonNode.Parse(answer, documentOptions: s_options)!;
}

/// <summary>How a run of one program ended, with its typed outputs.</summary>
/// <typeparam name="TOutputs">The program's outputs record.</typeparam>
public sealed class ProgramResult<TOutputs> : ProgramResult
    where TOutputs : class
{
    /// <summary>Wraps an answer and its outputs.</summary>
    /// <param name="answer">The answer that a client of the socket would get.</param>
    /// <param name="outputs">The outputs; null unless the run succeeded.</param>
    public ProgramResult(JsonObject answer, TOutputs? outputs) : base(answer) => Outputs = outputs;

    internal ProgramResult(byte[] answer, TOutputs outputs) : base(answer) => Outputs = outputs;

    /// <summary>The outputs; null unless the run succeeded.</summary>
    public TOutputs? Outputs { get; }
}
