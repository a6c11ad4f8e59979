using System.Globalization;
using System.Text.Json.Nodes;

namespace Ryuso.Tests.Running;

/// <summary>Plays a <see cref="Script"/> on the real pool and notes what each call saw.</summary>
/// <param name="script">What the hooks do.</param>
/// <param name="looked">The variables that they look at.</param>
internal sealed class ScriptedHooks(Script script, string[] looked)
{
    private readonly Dictionary<string, int> _steps = [];
    private readonly HashSet<string> _runs = [];
    private readonly List<Call> _calls = [];

    public Script Script => script;

    public string[] Looked => looked;

    public IReadOnlyList<Call> Calls => _calls;

    public void Clear()
    {
        _steps.Clear();
        _runs.Clear();
        _calls.Clear();
    }

    public ValueTask<HookResult> CallAsync(string hook, string args, DataPool pool, HookContext context)
    {
        int call = _calls.Count;
        _steps.TryAdd(context.IdempotencyKey, call);
        _runs.Add(context.RunId);
        Assert.Equal("hooks." + hook, context.Hook);
        _calls.Add(new Call(hook, context.Attempt, context.IsRectifying, _steps[context.IdempotencyKey], Call.Look(looked, name => Read(pool, name)), args));
        Act act = script(call, context.IsRectifying);
        return act.Yields ? LaterAsync(act, call, pool) : ValueTask.FromResult(Do(act, call, pool));
    }

    private static async ValueTask<HookResult> LaterAsync(Act act, int call, DataPool pool)
    {
        await Task.Yield();
        return Do(act, call, pool);
    }

    private static HookResult Do(Act act, int call, DataPool pool)
    {
        foreach (Write write in act.Writes)
        {
            if (write.Value != Write.Append)
            {
                pool[write.Name] = Node(write.Value, parsed: call % 2 == 0);
            }
            else if (pool[write.Name] is JsonArray list)
            {
                // A list is the hook's own before it is set and after that, and may go into a tree of the hook's.
                list.Add(1);
                pool[write.Name] = list;
                list.Add(2);
                _ = new JsonObject { ["of the hook"] = list };
            }
        }

        return act.Ending switch
        {
            Ending.Ok => HookResult.Ok,
            Ending.Fail => HookResult.Fail($"call {call + 1} failed"),
            Ending.ThrowDeliberately => throw new HookFailedException($"call {call + 1} failed") { Code = "busy.try-later" },
            Ending.Refuse => HookResult.Refuse($"call {call + 1} failed", "declined"),
            Ending.ThrowRefusal => throw new HookRefusedException($"call {call + 1} failed"),
            _ => throw new TimeoutException("not for clients"),
        };
    }

    private string? Read(DataPool pool, string name)
    {
        (pool[name] as JsonArray)?.Add("not set");
        return name != "_run_id" ? JsonText.Of(pool[name])
        : _runs.SetEquals([(string)pool[name]!]) ? "\"id\"" : "another run's id";
    }

    /// <summary>Half of the values as a parser makes them, half as C# code does.</summary>
    private static JsonNode? Node(string? text, bool parsed) => text is null || parsed ? JsonNode.Parse(text ?? "null") : JsonText.TypeOf(text) switch
    {
        "string" => (string)JsonNode.Parse(text)!,
        "bool" => text == "true",
        "int" => long.Parse(text, CultureInfo.InvariantCulture),
        "float" => double.Parse(text, CultureInfo.InvariantCulture),
        _ => JsonNode.Parse(text),
    };
}
