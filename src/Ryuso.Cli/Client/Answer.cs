using System.Text.Json.Nodes;
using Ryuso.Cli.Output;

namespace Ryuso.Cli.Client;

/// <summary>What came back, with the magic variables read.</summary>
internal sealed record Answer(JsonObject Json)
{
    private static readonly HashSet<string> s_magic = ["_program_fail", "_dependency_fail", "_rectifier_fail", "_last_failed_program", "_error", "_error_code", "_traceback", "_rectified", "_unrectified", "_program_name", "_program_time_start", "_run_id"];

    public bool Failed => Flag("_program_fail");

    public bool Rejected => Json.ContainsKey("_server_error");

    public bool Stuck => Flag("_rectifier_fail");

    /// <summary>Why it was rejected, or why it failed.</summary>
    public string Error => Text("_server_error") ?? Text("_error") ?? "The server gave no reason.";

    public string? ErrorCode => Text("_error_code");

    public string? LastFailed => Text("_last_failed_program");

    public string? RunId => Text("_run_id");

    public IReadOnlyList<string> Trace => List("_traceback");

    public IReadOnlyList<string> Rectified => List("_rectified");

    public IReadOnlyList<string> Unrectified => List("_unrectified");

    /// <summary>Everything that is no magic variable of the engine.</summary>
    public IEnumerable<KeyValuePair<string, JsonNode?>> Outputs => Json.Where(p => !s_magic.Contains(p.Key));

    public int ExitCode => Rejected ? ExitCodes.Rejected : Stuck ? ExitCodes.Stuck : Failed ? ExitCodes.Failed : ExitCodes.Good;

    private bool Flag(string name) => Json[name] is JsonValue value && value.TryGetValue(out bool flag) && flag;

    private string? Text(string name) => Json[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private List<string> List(string name) => Json[name] is JsonArray list ? [.. list.Select(i => i?.ToString() ?? "")] : [];
}
