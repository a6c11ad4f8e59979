using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.Json;
using Ryuso.Values;

namespace Ryuso.Pool;

/// <summary>The values behind a pool: a slot for each variable that the spec names, a dictionary for the rest. Reused from run to run.</summary>
internal sealed class PoolSlots(string[] names)
{
    private const int MaxRetainedNames = 1000;

    /// <summary>That of a request less two: the request itself and its pool.</summary>
    private const int MaxArgumentDepth = 62;

    /// <summary>Below it every whole number is written with its digits alone.</summary>
    private const double LargeNumber = 1e15;

    private readonly PoolValue[] _values = new PoolValue[names.Length];
    private readonly bool[] _isAssigned = new bool[names.Length];
    private readonly bool[] _isMetadata = new bool[names.Length];
    private readonly Dictionary<string, int> _slots = names.Select((name, slot) => (name, slot)).ToDictionary(p => p.name, p => p.slot, StringComparer.Ordinal);
    private readonly Utf8NameTable _table = new(names);
    private readonly bool[] _isEngineOwned = [.. names.Select(ReservedNames.IsEngineOwned)];
    private readonly Dictionary<string, PoolValue> _others = new(StringComparer.Ordinal);

    // Where each of the others came from that data pool and metadata may both name.
    private readonly Dictionary<string, (bool IsOfPool, bool IsOfMetadata)> _origins = new(StringComparer.Ordinal);
    private string? _runIdText;
    private long? _startedAt;
    private string _programName = "";
    private TimeProvider _time = TimeProvider.System;
    private long? _began;
    private int _callingThread;
    private int _accesses;

    /// <summary>
    /// Whether the calling thread drives the run that has these slots, so that a hook which it calls may use them without further care:
    /// the run cannot end before the thread goes on. A thread that ends its calls late takes another's mark away, which costs that one
    /// the announcement of its accesses and nothing else.
    /// </summary>
    public bool IsCallingThread => _callingThread == Environment.CurrentManagedThreadId;

    /// <summary>The calling thread calls hooks from now on.</summary>
    public void BeginCalls() => _callingThread = Environment.CurrentManagedThreadId;

    /// <summary>The last of them has returned, be it with a task.</summary>
    public void EndCalls() => _callingThread = 0;

    /// <summary>Any other thread does something with the slots. Between this and <see cref="EndAccess"/> nothing of a user's runs.</summary>
    public void BeginAccess() => Interlocked.Increment(ref _accesses);

    /// <summary>It has done it.</summary>
    public void EndAccess() => Interlocked.Decrement(ref _accesses);

    /// <summary>Waits for the accesses that began before the pool was closed.</summary>
    public void WaitForAccesses()
    {
        if (Volatile.Read(ref _accesses) == 0)
        {
            return;
        }

        SpinWait spin = default;
        while (Volatile.Read(ref _accesses) != 0)
        {
            spin.SpinOnce();
        }
    }

    /// <summary>Made when somebody first asks: most runs are never asked.</summary>
    public string RunId => _runIdText ??= NewRunId(StartedAt).ToString();

    /// <summary>The caller's own id for the run (key <c>run_id</c>); null where there is none.</summary>
    public string? CallersRunId { get; private set; }

    /// <summary>The caller's span (key <c>traceparent</c>); null where there is none.</summary>
    public string? TraceParent { get; set; }

    /// <summary>Within how many milliseconds the run must begin (key <c>deadline_ms</c>); 0 for whenever its turn comes.</summary>
    public int DeadlineMs { get; set; }

    public int Count => names.Length;

    /// <summary>The order in which requests name the variables.</summary>
    public KeyOrderPredictor KeyOrder { get; } = new(names);

    /// <summary>The variables that the spec does not name.</summary>
    public IReadOnlyDictionary<string, PoolValue> Others => _others;

    /// <summary>Since the run began; zero before.</summary>
    public TimeSpan Elapsed => _began is { } began ? _time.GetElapsedTime(began) : TimeSpan.Zero;

    /// <summary>In Unix milliseconds. Reckoned back when somebody asks: the clock of the day costs more than a step.</summary>
    public long StartedAt => _startedAt ??= (_time.GetUtcNow() - Elapsed).ToUnixTimeMilliseconds();

    public ref PoolValue this[int slot] => ref _values[slot];

    public void Clear()
    {
        Array.Clear(_values);
        Array.Clear(_isAssigned);
        Array.Clear(_isMetadata);
        _origins.Clear();
        _others.Clear();
        _runIdText = null;
        CallersRunId = null;
        TraceParent = null;
        DeadlineMs = 0;
        if (_others.Capacity > MaxRetainedNames)
        {
            _others.TrimExcess();
            _origins.TrimExcess();
        }

        _startedAt = null;
    }

    /// <summary>Takes the caller's own id for the run.</summary>
    public void SetRunId(string runId) => _runIdText = CallersRunId = runId;

    /// <summary>Takes up a recorded run.</summary>
    public void Resume(string runId, long startedAt)
    {
        _runIdText = runId;
        _startedAt = startedAt;
    }

    /// <summary>Names the run. It begins with <see cref="Start"/>.</summary>
    /// <param name="programName">The program's name in the spec.</param>
    /// <param name="time">The clock.</param>
    public void Begin(string programName, TimeProvider time)
    {
        _programName = programName;
        _time = time;
        _began = null;
    }

    /// <summary>The run begins.</summary>
    /// <param name="now">The clock's timestamp.</param>
    public void Start(long now) => _began = now;

    /// <summary>The slot of a variable that the spec names; -1 for any other.</summary>
    public int Find(ReadOnlySpan<byte> name) => _table.Find(name);

    /// <summary>The slot of a variable that the spec names; -1 for any other.</summary>
    public int Find(string name) => _slots.TryGetValue(name, out int slot) ? slot : -1;

    public string NameOf(int slot) => names[slot];

    public bool IsEngineOwned(int slot) => _isEngineOwned[slot];

    /// <summary>
    /// Takes a variable that the spec does not name from a request. Of data pool and metadata, metadata wins, whichever stands first.
    /// False where the same of the two has already named it.
    /// </summary>
    public bool TryAssign(string name, in PoolValue value, bool isMetadata)
    {
        if (ReservedNames.IsEngineOwned(name))
        {
            return true;
        }

        if (!name.StartsWith('_'))
        {
            return _others.TryAdd(name, value);
        }

        var (isOfPool, isOfMetadata) = _origins.GetValueOrDefault(name);
        _origins[name] = (isOfPool || !isMetadata, isOfMetadata || isMetadata);
        if (isMetadata || !isOfMetadata)
        {
            _others[name] = value;
        }

        return isMetadata ? !isOfMetadata : !isOfPool;
    }

    /// <summary>
    /// Takes a variable from a request. Of data pool and metadata, metadata wins, whichever stands first. False where the same of the two has
    /// already named it.
    /// </summary>
    public bool TryAssign(int slot, ref Utf8JsonReader reader, ReadOnlySpan<byte> request, bool isMetadata)
    {
        if (_isEngineOwned[slot])
        {
            reader.Skip();
            return true;
        }

        bool[] own = isMetadata ? _isMetadata : _isAssigned;
        bool isNew = !own[slot];
        own[slot] = true;
        PoolValue value = PoolValue.Read(ref reader, request);
        if (isMetadata || !_isMetadata[slot])
        {
            _values[slot] = value;
        }

        return isNew;
    }

    /// <summary>Notes that the data pool of a request names a variable. False where it has done so already, or may not.</summary>
    public bool TryMarkAssigned(int slot)
    {
        bool isNew = !_isAssigned[slot] && !_isEngineOwned[slot];
        _isAssigned[slot] = true;
        return isNew;
    }

    public void ApplyDefaults(ArgDefinition[] args)
    {
        foreach (ArgDefinition arg in args)
        {
            if (arg.Default is not null && _values[arg.Slot].Kind == ValueKind.Absent)
            {
                _values[arg.Slot] = arg.DefaultValue;
            }
        }
    }

    /// <summary>Says what is missing or mistyped; null where all is well.</summary>
    public string? FindProblems(ArgDefinition[] args)
    {
        foreach (ArgDefinition arg in args)
        {
            if (!_values[arg.Slot].IsAny(arg.Accepts) && !Fits(arg))
            {
                return string.Join("; ", args.SelectMany(Problems));
            }
        }

        return null;
    }

    /// <summary>What is wrong with each of the arguments that are missing or mistyped.</summary>
    public Dictionary<string, string[]> FindProblemsByName(ArgDefinition[] args)
    {
        var found = new Dictionary<string, string[]>();
        foreach (ArgDefinition arg in args)
        {
            if (Problems(arg).ToArray() is { Length: > 0 } problems)
            {
                found[arg.Name] = problems;
            }
        }

        return found;
    }

    private bool Fits(ArgDefinition arg) => ValueOf(arg.Slot).IsAny(arg.Fits) && ShapeChecker.FindProblems(arg, _values[arg.Slot]) is null;

    private IEnumerable<string> Problems(ArgDefinition arg)
    {
        ref readonly PoolValue value = ref ValueOf(arg.Slot);
        return value.IsAny(arg.Fits) ? ShapeChecker.FindProblems(arg, value) ?? []
            : value.Kind == ValueKind.Absent ? [$"'{arg.Name}' ({arg.Type.ToSpecName()}) is missing"]
            : [$"'{arg.Name}' must be {arg.Type.ToSpecName()} but is {value.TypeName}"];
    }

    public PoolValue Get(string name)
    {
        if (MagicVariable(name) is { } magic)
        {
            return PoolValue.OfNode(magic);
        }

        return _slots.TryGetValue(name, out int slot) ? _values[slot] : _others.GetValueOrDefault(name);
    }

    public void SetNode(string name, JsonNode? node) => Set(name, PoolValue.OfNode(node));

    public void Set(string name, in PoolValue value)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (ReservedNames.IsEngineOwned(name))
        {
            throw new ArgumentException($"'{name}' belongs to the engine and cannot be set by a hook.", nameof(name));
        }

        if (_slots.TryGetValue(name, out int slot))
        {
            _values[slot] = value;
        }
        else if (value.Kind == ValueKind.Absent)
        {
            _others.Remove(name);
        }
        else
        {
            _others[name] = value;
        }
    }

    public long? GetInt(int slot)
    {
        ref readonly PoolValue value = ref Read(slot, ValueKinds.Int);
        return value.Kind == ValueKind.Absent ? null : value.Int;
    }

    public double? GetFloat(int slot)
    {
        ref readonly PoolValue value = ref Read(slot, ValueKinds.Int | ValueKinds.Float);
        return value.Kind == ValueKind.Absent ? null : value.Float;
    }

    public bool? GetBool(int slot)
    {
        ref readonly PoolValue value = ref Read(slot, ValueKinds.Bool);
        return value.Kind == ValueKind.Absent ? null : value.Bool;
    }

    public string? GetString(int slot) => Read(slot, ValueKinds.String).StringOrNull;

    public PoolValue GetList(int slot) => Read(slot, ValueKinds.List);

    public PoolValue GetDict(int slot) => Read(slot, ValueKinds.Dict);

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

    /// <summary>Takes an argument of a typed call, as a request would bring it: what the engine owns is passed over.</summary>
    public void Assign(int slot, long? value) => Assign(slot, value is { } v ? PoolValue.Of(v) : default);

    /// <inheritdoc cref="Assign(int, long?)"/>
    public void Assign(int slot, bool? value) => Assign(slot, value is { } v ? PoolValue.Of(v) : default);

    /// <inheritdoc cref="Assign(int, long?)"/>
    /// <exception cref="ArgumentException">JSON has no such number.</exception>
    public void Assign(int slot, double? value)
    {
        if (value is not { } number)
        {
            Assign(slot, default(PoolValue));
        }
        else if (Math.Truncate(number) != number)
        {
            Assign(slot, double.IsNaN(number) ? throw new ArgumentException("JSON has no such number.", nameof(value)) : PoolValue.Of(number));
        }
        else if (Math.Abs(number) < LargeNumber)
        {
            // JSON writes it without a fraction, so that it is read as an int.
            Assign(slot, PoolValue.Of((long)number));
        }
        else
        {
            Assign(slot, JsonValue.Create(number));
        }
    }

    /// <inheritdoc cref="Assign(int, long?)"/>
    public void Assign(int slot, string? value) => Assign(slot, value is null ? default : PoolValue.Of(JsonText.WellFormed(value)));

    /// <inheritdoc cref="Assign(int, long?)"/>
    /// <exception cref="JsonException">It is nested too deep.</exception>
    public void Assign(int slot, JsonNode? value)
    {
        if (value is null)
        {
            Assign(slot, default(PoolValue));
            return;
        }

        byte[] text = JsonBytes.Of(value);
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxArgumentDepth });
        reader.Read();
        Assign(slot, PoolValue.Read(ref reader, text));
    }

    private void Assign(int slot, in PoolValue value)
    {
        if (!_isEngineOwned[slot])
        {
            _values[slot] = value;
        }
    }

    /// <summary>Writes what clients get back on failure: metadata and other variables with a leading underscore.</summary>
    public void WriteMagicVariables(AnswerBuffer answer, ArgDefinition[] outputs)
    {
        for (int slot = 0; slot < names.Length; slot++)
        {
            if (names[slot].StartsWith('_') && _values[slot].Kind != ValueKind.Absent
                && !ReservedNames.IsEngineOwned(names[slot]) && !Array.Exists(outputs, o => o.Slot == slot))
            {
                answer.Key(JsonBytes.Key(names[slot]));
                answer.Value(_values[slot], asFloat: false);
            }
        }

        foreach ((string name, PoolValue value) in _others)
        {
            if (name.StartsWith('_') && value.Kind != ValueKind.Absent)
            {
                answer.Key(JsonBytes.Key(name));
                answer.Value(value, asFloat: false);
            }
        }
    }

    private ref PoolValue ValueOf(int slot)
    {
        // Engine-owned variables enter their slots when somebody first looks.
        if (_isEngineOwned[slot] && _values[slot].Kind == ValueKind.Absent && MagicVariable(names[slot]) is { } magic)
        {
            _values[slot] = PoolValue.OfNode(magic);
        }

        return ref _values[slot];
    }

    /// <summary>The value in a slot, which is of one of the kinds or absent.</summary>
    private ref readonly PoolValue Read(int slot, ValueKinds kinds)
    {
        ref readonly PoolValue value = ref _values[slot];
        if (!value.IsAny(kinds))
        {
            value = ref ValueOf(slot);
            if (!value.IsAny(kinds | ValueKinds.Absent))
            {
                throw new InvalidOperationException($"The variable '{names[slot]}' is {value.TypeName}, not {kinds.ToSpecName()}; read it through the indexer.");
            }
        }

        return ref value;
    }

    /// <summary>A version 7 UUID whose random part needs no system call.</summary>
    private static Guid NewRunId(long startedAt)
    {
        long random = Random.Shared.NextInt64();
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, (startedAt << 16) | 0x7000 | (Random.Shared.NextInt64() & 0xFFF));
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], (random & 0x3FFF_FFFF_FFFF_FFFF) | long.MinValue);
        return new Guid(bytes, bigEndian: true);
    }

    private JsonNode? MagicVariable(string name) => name switch
    {
        ReservedNames.ProgramName => _programName,
        ReservedNames.ProgramTimeStart => StartedAt,
        ReservedNames.RunId => RunId,
        _ => null,
    };
}
