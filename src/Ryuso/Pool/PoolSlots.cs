using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso;

/// <summary>The values behind a pool: a slot for each variable that the spec names, a dictionary for the rest. Reused from run to run.</summary>
internal sealed class PoolSlots(string[] names)
{
    private readonly PoolValue[] _values = new PoolValue[names.Length];
    private readonly bool[] _named = new bool[names.Length];
    private readonly Dictionary<string, int> _slots = names.Select((name, slot) => (name, slot)).ToDictionary(p => p.name, p => p.slot, StringComparer.Ordinal);
    private readonly Dictionary<string, PoolValue> _others = new(StringComparer.Ordinal);
    private string? _runId;
    private string _programName = "";
    private long _startedAt;

    public string RunId => _runId ??= Guid.CreateVersion7().ToString();

    public long StartedAt => _startedAt;

    public ref PoolValue this[int slot] => ref _values[slot];

    public void Clear()
    {
        Array.Clear(_values);
        Array.Clear(_named);
        _others.Clear();
        _runId = null;
    }

    public void Begin(string programName, long startedAt)
    {
        _programName = programName;
        _startedAt = startedAt;
    }

    /// <summary>Takes a variable from a request. False where the request has already named it.</summary>
    public bool TryFill(string name, in PoolValue value)
    {
        if (MagicNames.IsEngineOwned(name))
        {
            return true;
        }

        if (!_slots.TryGetValue(name, out int slot))
        {
            return _others.TryAdd(name, value);
        }

        if (_named[slot])
        {
            return false;
        }

        _named[slot] = true;
        _values[slot] = value;
        return true;
    }

    public void Fill(ArgDefinition[] args)
    {
        foreach (ArgDefinition arg in args)
        {
            if (_values[arg.Slot].Kind == ValueKind.Absent && arg.Default is not null)
            {
                _values[arg.Slot] = arg.DefaultValue.Fresh();
            }
        }
    }

    /// <summary>Says what is missing or mistyped; null where all is well.</summary>
    public string? Check(ArgDefinition[] args)
    {
        string? problems = null;
        foreach (ArgDefinition arg in args)
        {
            ref readonly PoolValue value = ref Value(arg.Slot);
            if (value.Kind == ValueKind.Absent)
            {
                if (arg.Required && arg.Default is null)
                {
                    Add(ref problems, $"'{arg.Name}' ({arg.Type.ToSpecName()}) is missing");
                }
            }
            else if (!value.Fits(arg.Type))
            {
                Add(ref problems, $"'{arg.Name}' must be {arg.Type.ToSpecName()} but is {value.TypeName}");
            }
        }

        return problems;

        static void Add(ref string? problems, string problem) => problems = problems is null ? problem : problems + "; " + problem;
    }

    public JsonNode? GetNode(string name)
    {
        if (Magic(name) is { } magic)
        {
            return magic;
        }

        return _slots.TryGetValue(name, out int slot) ? _values[slot].ToNode()
            : _others.TryGetValue(name, out PoolValue value) ? value.ToNode() : null;
    }

    public void SetNode(string name, JsonNode? node)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (MagicNames.IsEngineOwned(name))
        {
            throw new ArgumentException($"'{name}' belongs to the engine and cannot be set by a hook.", nameof(name));
        }

        if (_slots.TryGetValue(name, out int slot))
        {
            SetNode(slot, node);
        }
        else if (node is null)
        {
            _others.Remove(name);
        }
        else
        {
            _others[name] = PoolValue.OfNode(node);
        }
    }

    public long? GetInt(int slot) => Typed(slot, SpecType.Int) ? Value(slot).Int : null;

    public double? GetFloat(int slot) => Typed(slot, SpecType.Float) ? Value(slot).Float : null;

    public bool? GetBool(int slot) => Typed(slot, SpecType.Bool) ? Value(slot).Bool : null;

    public string? GetString(int slot) => Typed(slot, SpecType.String) ? Value(slot).String : null;

    public JsonArray? GetList(int slot) => Typed(slot, SpecType.List) ? (JsonArray)Value(slot).Node : null;

    public JsonObject? GetDict(int slot) => Typed(slot, SpecType.Dict) ? (JsonObject)Value(slot).Node : null;

    public void Set(int slot, long? value) => _values[slot] = value is { } v ? PoolValue.Of(v) : default;

    public void Set(int slot, bool? value) => _values[slot] = value is { } v ? PoolValue.Of(v) : default;

    public void Set(int slot, string? value) => _values[slot] = value is null ? default : PoolValue.Of(value);

    public void SetNode(int slot, JsonNode? node) => _values[slot] = PoolValue.OfNode(node);

    public void Set(int slot, double? value) => _values[slot] = value switch
    {
        null => default,
        { } v when double.IsFinite(v) => PoolValue.Of(v),
        { } v => throw new HookFailedException($"The variable '{names[slot]}' cannot be {v}: JSON has no such number."),
    };

    /// <summary>Writes what clients get back on failure: metadata and other variables with a leading underscore.</summary>
    public void WriteMagicVariables(Utf8JsonWriter writer, ArgDefinition[] outputs)
    {
        for (int slot = 0; slot < names.Length; slot++)
        {
            if (names[slot].StartsWith('_') && _values[slot].Kind != ValueKind.Absent
                && !MagicNames.IsEngineOwned(names[slot]) && !Array.Exists(outputs, o => o.Slot == slot))
            {
                writer.WritePropertyName(names[slot]);
                _values[slot].WriteTo(writer, asFloat: false);
            }
        }

        foreach ((string name, PoolValue value) in _others)
        {
            if (name.StartsWith('_') && value.Kind != ValueKind.Absent)
            {
                writer.WritePropertyName(name);
                value.WriteTo(writer, asFloat: false);
            }
        }
    }

    private ref PoolValue Value(int slot)
    {
        // Engine-owned variables enter their slots when somebody first looks.
        if (_values[slot].Kind == ValueKind.Absent && names[slot].StartsWith('_') && Magic(names[slot]) is { } magic)
        {
            _values[slot] = PoolValue.OfNode(magic);
        }

        return ref _values[slot];
    }

    private bool Typed(int slot, SpecType type)
    {
        ref readonly PoolValue value = ref Value(slot);
        if (value.Kind == ValueKind.Absent)
        {
            return false;
        }

        return value.Fits(type) ? true : throw new InvalidOperationException(
            $"The variable '{names[slot]}' is {value.TypeName}, not {type.ToSpecName()}; read it through the indexer.");
    }

    private JsonNode? Magic(string name) => name switch
    {
        MagicNames.ProgramName => _programName,
        MagicNames.ProgramTimeStart => _startedAt,
        MagicNames.RunId => RunId,
        _ => null,
    };
}
