using System.Text.Json.Nodes;

namespace Ryuso.Tests.Running;

/// <summary>
/// The seed's words and sections 4 to 6 of the contract, followed recursively, without a plan and without a thought
/// for speed: the reference that the compiled line is held to. One instance interprets one run and shares no code with it.
/// </summary>
/// <param name="spec">The spec.</param>
/// <param name="script">What each call does.</param>
/// <param name="looked">The variables that a hook looks at.</param>
/// <param name="isQuarantined">Whether a stuck run keeps one of these keys; null where none does.</param>
internal sealed class NaiveInterpreter(JsonObject spec, Script script, string[] looked, Func<IEnumerable<string>, bool>? isQuarantined = null)
{
    public const long Now = 1_700_000_000_000;

    private static readonly string[] s_engineOwned =
    [
        "_program_fail", "_dependency_fail", "_rectifier_fail", "_last_failed_program", "_error", "_traceback", "_rectified",
        "_unrectified", "_program_name", "_program_time_start", "_run_id", "_server_error", "_error_code",
    ];

    private readonly Dictionary<string, string> _pool = [];
    private readonly List<string> _trace = [];
    private readonly List<string> _completed = [];
    private readonly List<string> _rectified = [];
    private readonly List<Call> _calls = [];
    private string? _lastFailed;
    private Failure? _failure;
    private bool _dependencyFail;
    private string _main = "";

    public IReadOnlyList<Call> Calls => _calls;

    /// <summary>The keys that the run took before it began; null for one that runs alone, or did not begin.</summary>
    public IReadOnlyCollection<string>? Keys { get; private set; }

    /// <summary>Whether it took its turn: it was not rejected before.</summary>
    public bool Began { get; private set; }

    public bool IsStuck { get; private set; }

    /// <summary>The answer as JSON text, without <c>_run_id</c>; of a rejection the words only where they name arguments.</summary>
    public string Answer(string program, JsonObject dataPool, JsonObject metadata)
    {
        if (!Take(dataPool, name => name) || !Take(metadata, name => name.StartsWith('_') ? name : "_" + name))
        {
            return Rejected("bad_request");
        }

        if (spec["programs"]![program] is not { } main)
        {
            return Rejected("unknown_program");
        }

        Default(main["args"]!);
        _pool["_program_name"] = $"\"{program}\"";
        _pool["_program_time_start"] = $"{Now}";
        _pool["_run_id"] = "\"id\"";
        if (Wrong(main["args"]!) is { } wrong)
        {
            return Rejected("invalid_arguments", $"The program '{program}' cannot run: {wrong}.");
        }

        if (main["key"] is not null)
        {
            if (KeysOf(main) is not { Count: > 0 } keys)
            {
                if (main["key"]!.AsArray() is { Count: > 0 } names)
                {
                    return Rejected(
                        "invalid_arguments",
                        $"The program '{program}' cannot run: {string.Join(" and ", names.Select(name => $"'{name}'"))} must give it one key at least, and is empty.");
                }

                keys = [];
            }

            Keys = keys;
        }

        (_main, Began) = (program, true);
        if (isQuarantined?.Invoke(Keys ?? []) == true)
        {
            Began = false;
            return Rejected("quarantined");
        }

        if (RunAll(main["hooks"], isDependency: false, isRectifying: false) && Leave(program, isDependency: false))
        {
            return $"{{{string.Join(',', Outputs(main))}}}";
        }

        bool stuck = IsStuck = !Rectify();
        Default(main["outputs"]!);
        return $"{{{string.Join(',', Outputs(main).Concat(Magic(main, stuck)))}}}";
    }

    private bool Take(JsonObject variables, Func<string, string> rename)
    {
        // What metadata says stands above what the pool says.
        HashSet<string> named = [];
        foreach ((string key, JsonNode? value) in variables)
        {
            string name = rename(key);
            if (s_engineOwned.Contains(name))
            {
                continue;
            }

            if (!named.Add(name))
            {
                return false;
            }

            Set(name, JsonText.Of(value));
        }

        return true;
    }

    private bool RunAll(JsonNode? references, bool isDependency, bool isRectifying)
    {
        foreach (JsonNode? item in references?.AsArray() ?? [])
        {
            string reference = item!.GetValue<string>();
            bool ok = reference.StartsWith("programs.", StringComparison.Ordinal)
                ? RunProgram(reference["programs.".Length..], isDependency, isRectifying)
                : RunHook(reference.Replace("hooks.", "", StringComparison.Ordinal), isDependency, isRectifying);
            if (!ok)
            {
                return false;
            }
        }

        return true;
    }

    private bool RunProgram(string name, bool isDependency, bool isRectifying)
    {
        JsonNode program = spec["programs"]![name]!;
        Default(program["args"]!);
        if (Wrong(program["args"]!) is { } wrong)
        {
            return Failed("programs." + name, new($"The program '{name}' cannot begin: {wrong}.", "invalid_arguments"), isDependency);
        }

        // One that runs alone holds everything.
        if (spec["programs"]![_main]!["key"] is not null && KeysOf(program).FirstOrDefault(key => !Keys!.Contains(key)) is { } missing)
        {
            string argument = program["key"]!.AsArray().Select(k => (string)k!).First(k => KeysOf(k).Any(key => key == missing));
            return Failed(
                "programs." + name,
                new(
                    $"The program '{name}' needs the key '{missing}' ('{argument}'), which the run does not hold: "
                    + $"name an argument that has this value in the key of '{_main}'.",
                    "invalid_arguments"),
                isDependency);
        }

        return RunAll(program["hooks"], isDependency, isRectifying) && Leave(name, isDependency);
    }

    private List<string> KeysOf(JsonNode program) => [.. (program["key"]?.AsArray() ?? []).SelectMany(key => KeysOf((string)key!))];

    /// <summary>A list gives a key for each of its elements; 7 and "7" are one key.</summary>
    private IEnumerable<string> KeysOf(string argument)
    {
        JsonNode value = JsonNode.Parse(_pool[argument])!;
        return value is JsonArray list ? list.Select(item => item!.ToString()) : [value.ToString()];
    }

    private bool Leave(string program, bool isDependency)
    {
        JsonNode outputs = spec["programs"]![program]!["outputs"]!;
        Default(outputs);
        return Wrong(outputs) is not { } wrong
            || Failed("programs." + program, new($"The program '{program}' did not give its outputs: {wrong}.", "invalid_outputs"), isDependency);
    }

    private bool RunHook(string name, bool isDependency, bool isRectifying)
    {
        JsonNode hook = spec["hooks"]![name]!;
        _trace.Add("hooks." + name);
        if (!RunAll(hook["dependencies"], isDependency: true, isRectifying))
        {
            return false;
        }

        Failure? error = TryAll(name, hook, isRectifying);
        bool rectifiesItself = error is not null && (bool?)hook["rectify_self"] == true;
        if (!isRectifying && (error is null || rectifiesItself))
        {
            _completed.Add(name);
        }

        return error is null || Failed("hooks." + name, error, isDependency);
    }

    /// <summary>As many tries as the hook may have; what is wrong with its arguments ends them. Null when one did its work, otherwise why not.</summary>
    private Failure? TryAll(string name, JsonNode hook, bool isRectifying)
    {
        int step = _calls.Count;
        for (int attempt = 1; ; attempt++)
        {
            if (Wrong(hook["args"]!) is { } wrong)
            {
                return new($"The hook 'hooks.{name}' cannot run: {wrong}.", "invalid_arguments");
            }

            if (attempt > 1)
            {
                _trace.Add("hooks." + name);
            }

            Failure? error = Try(name, hook, step, attempt, isRectifying);
            if (error is null || error.IsFinal || attempt >= ((int?)hook["retry"]?["attempts"] ?? 1))
            {
                return error;
            }
        }
    }

    private Failure? Try(string name, JsonNode hook, int step, int attempt, bool isRectifying)
    {
        Act act = script(_calls.Count, isRectifying);
        _calls.Add(new Call(name, attempt, isRectifying, step, Call.Look(looked, n => _pool.GetValueOrDefault(n)), Arguments(hook["args"]!)));
        foreach (Write write in act.Writes)
        {
            if (s_engineOwned.Contains(write.Name))
            {
                return new($"The hook 'hooks.{name}' threw ArgumentException.", "threw");
            }

            Set(write.Name, write.Value == Write.Append ? Appended(write.Name) : JsonText.Of(JsonNode.Parse(write.Value ?? "null")));
        }

        return act.Ending switch
        {
            Ending.Ok => null,
            Ending.ThrowSomething => new($"The hook 'hooks.{name}' threw TimeoutException.", "threw"),
            Ending.Refuse => new($"call {_calls.Count} failed", "declined", IsFinal: true),
            Ending.ThrowRefusal => new($"call {_calls.Count} failed", "refused", IsFinal: true),
            Ending.Fail => new($"call {_calls.Count} failed", "failed"),
            _ => new($"call {_calls.Count} failed", "busy.try-later"),
        };
    }

    private bool Rectify()
    {
        while (_completed.Count > 0)
        {
            string hook = _completed[^1];
            if (HasRectifiers(hook))
            {
                if (!RunAll(spec["hooks"]![hook]!["rectifiers"], isDependency: false, isRectifying: true))
                {
                    return false;
                }

                _rectified.Add(hook);
            }

            _completed.RemoveAt(_completed.Count - 1);
        }

        return true;
    }

    private IEnumerable<string> Outputs(JsonNode program) =>
        from output in program["outputs"]!.AsObject()
        where _pool.ContainsKey(output.Key)
        select $"\"{output.Key}\":{As((string)output.Value!["type"]!, _pool[output.Key])}";

    private IEnumerable<string> Magic(JsonNode program, bool stuck)
    {
        var magic = _pool.Where(v => v.Key.StartsWith('_') && v.Key != "_run_id" && program["outputs"]![v.Key] is null)
            .ToDictionary(v => v.Key, v => v.Value);
        magic["_program_fail"] = "true";
        magic["_dependency_fail"] = _dependencyFail ? "true" : "false";
        magic["_rectifier_fail"] = stuck ? "true" : "false";
        magic["_last_failed_program"] = $"\"{_lastFailed}\"";
        magic["_error"] = $"\"{_failure!.Words}\"";
        magic["_error_code"] = $"\"{_failure.Code}\"";
        magic["_traceback"] = List(_trace);
        magic["_rectified"] = List(_rectified.Select(h => "hooks." + h));
        magic["_unrectified"] = List(stuck ? Enumerable.Reverse(_completed).Where(HasRectifiers).Select(h => "hooks." + h) : []);
        return magic.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"\"{m.Key}\":{m.Value}");
    }

    private sealed record Failure(string Words, string Code, bool IsFinal = false);

    private bool Failed(string reference, Failure failure, bool isDependency)
    {
        (_lastFailed, _failure, _dependencyFail) = (reference, failure, isDependency);
        return false;
    }

    private void Default(JsonNode args)
    {
        foreach ((string name, JsonNode? arg) in args.AsObject())
        {
            if (!_pool.ContainsKey(name) && arg!["default"] is { } value)
            {
                _pool[name] = As((string)arg["type"]!, JsonText.Of(value)!);
            }
        }
    }

    private string? Wrong(JsonNode args)
    {
        List<string> problems = [];
        foreach ((string name, JsonNode? arg) in args.AsObject())
        {
            string type = (string)arg!["type"]! is "str" ? "string" : (string)arg["type"]!;
            string? value = _pool.GetValueOrDefault(name);
            if (value is null && (bool)arg["required"]! && arg["default"] is null)
            {
                problems.Add($"'{name}' ({type}) is missing");
            }
            else if (value is not null && !JsonText.Fits(value, type))
            {
                problems.Add($"'{name}' must be {type} but is {JsonText.TypeOf(value)}");
            }
        }

        return problems.Count == 0 ? null : string.Join("; ", problems);
    }

    private string Arguments(JsonNode args) => string.Join(' ',
        from arg in args.AsObject()
        let value = _pool.GetValueOrDefault(arg.Key) ?? JsonText.Of(arg.Value!["default"])
        where value is not null
        select $"{arg.Key}={As((string)arg.Value!["type"]!, value)}");

    private void Set(string name, string? value)
    {
        if (value is null)
        {
            _pool.Remove(name);
        }
        else
        {
            _pool[name] = value;
        }
    }

    private string? Appended(string name) => _pool.GetValueOrDefault(name) switch
    {
        "[]" => "[1]",
        { } list when list[0] == '[' => list[..^1] + ",1]",
        var other => other,
    };

    private bool HasRectifiers(string hook) => spec["hooks"]![hook]!["rectifiers"] is JsonArray { Count: > 0 };

    private static string As(string type, string value) => type == "float" && JsonText.Fits(value, "float") ? JsonText.Float(value) : value;

    private static string List(IEnumerable<string> references) => $"[{string.Join(',', references.Select(r => $"\"{r}\""))}]";

    private static string Rejected(string code, string? words = null) =>
        $"{{\"_error_code\":\"{code}\",\"_program_fail\":true{(words is null ? "" : $",\"_server_error\":\"{words}\"")}}}";
}
