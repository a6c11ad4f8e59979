using System.Text.Json.Nodes;
using Ryuso.Json;
using Ryuso.Values;

namespace Ryuso;

/// <summary>The server turned the request away. Nothing ran.</summary>
public sealed class RequestRejectedException : Exception
{
    /// <summary>Reads the code and the words.</summary>
    /// <param name="answer">The server's answer.</param>
    public RequestRejectedException(JsonObject answer)
        : base(AnswerJson.Text(answer, ReservedNames.ServerError) ?? "The server gave no reason.") => Answer = answer;

    /// <summary>The whole answer.</summary>
    public JsonObject Answer { get; }

    /// <summary>Which kind of rejection it is, such as <c>invalid_arguments</c> or <c>busy</c> (<c>_error_code</c>).</summary>
    public string Code => AnswerJson.Text(Answer, ReservedNames.ErrorCode) ?? "";
}
