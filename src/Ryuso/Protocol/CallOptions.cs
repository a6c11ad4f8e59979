using System.Text.Json.Nodes;

namespace Ryuso;

/// <summary>What goes with a call beside its arguments.</summary>
public sealed class CallOptions
{
    /// <summary>
    /// Your own id of the run, up to 200 characters; null for a new one. Where the server has a journal, the same id and request give the recorded answer
    /// and nothing runs again: keep it with your order, and the call can be repeated after any failure, even by another process.
    /// </summary>
    public string? RunId { get; init; }

    /// <summary>Becomes magic variables of the run, each with a leading underscore; null for none.</summary>
    public JsonObject? Metadata { get; init; }
}
