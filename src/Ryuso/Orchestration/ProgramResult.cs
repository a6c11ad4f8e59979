using System.Text.Json.Nodes;

namespace Ryuso;

/// <summary>How a run ended, as CONTRACT-shaped JSON and the few facts that callers ask first.</summary>
public class ProgramResult
{
    /// <summary>Wraps an answer.</summary>
    /// <param name="answer">The answer that a client of the socket would get.</param>
    public ProgramResult(JsonObject answer) => Answer = answer ?? throw new ArgumentNullException(nameof(answer));

    /// <summary>The whole answer: the outputs, and on failure the magic variables.</summary>
    public JsonObject Answer { get; }

    /// <summary>Whether the run succeeded.</summary>
    public bool IsSuccess => Answer["_program_fail"] is null;

    /// <summary>Whether nothing ran because the request was refused.</summary>
    public bool IsRejected => Answer["_error_code"] is not null;

    /// <summary>Whether rectification failed, so that an operator must look (<c>_rectifier_fail</c>).</summary>
    public bool IsStuck => Answer["_rectifier_fail"] is { } stuck && stuck.GetValue<bool>();

    /// <summary>Why the run failed or was rejected; null on success.</summary>
    public string? Error => (Answer["_error"] ?? Answer["_server_error"])?.GetValue<string>();
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

    /// <summary>The outputs; null unless the run succeeded.</summary>
    public TOutputs? Outputs { get; }
}
