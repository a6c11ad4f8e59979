using System.Text.Json.Nodes;

namespace Ryuso.Tests.Running;

/// <summary>The seed's words, followed recursively and without a plan: the reference that the compiled line is held to.</summary>
internal sealed class NaiveInterpreter(JsonObject spec, Func<string, bool> hookSucceeds)
{
    private readonly List<string> _completed = [];
    private readonly List<string> _trace = [];
    private readonly List<string> _rectified = [];
    private string? _lastFailed;
    private bool _dependencyFail;

    /// <summary>The failure facts of an answer, or an empty object on success.</summary>
    public JsonObject Run(string program)
    {
        if (RunAll(ListOf(spec["programs"]![program]!, "hooks"), isDependency: false, forward: true))
        {
            return [];
        }

        bool stuck = false;
        while (_completed.Count > 0)
        {
            string hook = _completed[^1];
            string[] rectifiers = ListOf(Hook(hook), "rectifiers");
            if (rectifiers.Length > 0 && !RunAll(rectifiers, isDependency: false, forward: false))
            {
                stuck = true;
                break;
            }

            if (rectifiers.Length > 0)
            {
                _rectified.Add("hooks." + hook);
            }

            _completed.RemoveAt(_completed.Count - 1);
        }

        IEnumerable<string> left = stuck
            ? _completed.AsEnumerable().Reverse().Where(h => ListOf(Hook(h), "rectifiers").Length > 0).Select(h => "hooks." + h)
            : [];
        return new JsonObject
        {
            ["_program_fail"] = true,
            ["_dependency_fail"] = _dependencyFail,
            ["_rectifier_fail"] = stuck,
            ["_last_failed_program"] = _lastFailed,
            ["_traceback"] = Json(_trace),
            ["_rectified"] = Json(_rectified),
            ["_unrectified"] = Json(left),
        };
    }

    private bool RunAll(string[] references, bool isDependency, bool forward) =>
        references.All(reference => RunOne(reference, isDependency, forward));

    private bool RunOne(string reference, bool isDependency, bool forward)
    {
        if (reference.StartsWith("programs.", StringComparison.Ordinal))
        {
            return RunAll(ListOf(spec["programs"]![reference["programs.".Length..]]!, "hooks"), isDependency, forward);
        }

        string name = reference["hooks.".Length..];
        _trace.Add(reference);
        if (!RunAll(ListOf(Hook(name), "dependencies"), isDependency: true, forward))
        {
            return false;
        }

        if (!hookSucceeds(name))
        {
            _lastFailed = reference;
            _dependencyFail = isDependency;
            return false;
        }

        if (forward)
        {
            _completed.Add(name);
        }

        return true;
    }

    private JsonNode Hook(string name) => spec["hooks"]![name]!;

    private static string[] ListOf(JsonNode node, string key) => [.. (node[key]?.AsArray() ?? []).Select(n => n!.GetValue<string>())];

    private static JsonArray Json(IEnumerable<string> items) => [.. items.Select(i => JsonValue.Create(i))];
}
