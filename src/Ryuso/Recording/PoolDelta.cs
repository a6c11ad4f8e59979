using System.Text;
using System.Text.Json;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Values;

namespace Ryuso.Recording;

/// <summary>Tells what a run has changed in its pool since it was last asked, as JSON text.</summary>
internal sealed class PoolDelta(PoolSlots slots)
{
    private readonly byte[][] _keys = [.. Enumerable.Range(0, slots.Count).Select(slot => JsonBytes.Key(slots.NameOf(slot)))];
    private readonly PoolValue[] _last = new PoolValue[slots.Count];
    private readonly byte[]?[] _lastNodes = new byte[slots.Count][];
    private readonly Dictionary<string, byte[]> _lastOthers = new(StringComparer.Ordinal);
    private readonly AnswerBuffer _json = new();
    private bool _any;

    /// <summary>Why the pool cannot be recorded as it is; null where it can.</summary>
    public string? Problem { get; private set; }

    public void Reset()
    {
        Array.Clear(_last);
        Array.Clear(_lastNodes);
        _lastOthers.Clear();
        _json.Clear();
        Problem = null;
    }

    /// <summary>The variables that changed, null for one that is gone; null where none did.</summary>
    public string? Take()
    {
        _any = false;
        Problem = null;
        _json.Clear();
        for (int slot = 0; slot < _last.Length; slot++)
        {
            if (!slots.IsEngineOwned(slot))
            {
                TakeSlot(slot);
            }
        }

        TakeOthers();
        _json.End();
        return _any ? Encoding.UTF8.GetString(_json.Written) : null;
    }

    private void TakeSlot(int slot)
    {
        ref readonly PoolValue value = ref slots[slot];
        byte[]? node = null;
        if (value.IsSame(_last[slot]))
        {
            return;
        }

        if (value.Kind >= ValueKind.List)
        {
            // A list or dict may have changed within: its text tells.
            node = Text(slots.NameOf(slot), value);
            if (node is null || node.AsSpan().SequenceEqual(_lastNodes[slot]))
            {
                return;
            }
        }
        else if (value.Kind == ValueKind.String && HasHalf(value.String))
        {
            Problem = HalfProblem(slots.NameOf(slot));
            return;
        }

        _last[slot] = value;
        _lastNodes[slot] = node;
        _any = true;
        _json.Key(_keys[slot]);
        Write(value, node);
    }

    private void TakeOthers()
    {
        foreach ((string name, PoolValue value) in slots.Others)
        {
            if (Text(name, value) is { } text && !(_lastOthers.TryGetValue(name, out byte[]? last) && text.AsSpan().SequenceEqual(last)))
            {
                _lastOthers[name] = text;
                _any = true;
                _json.Key(JsonBytes.Key(name));
                _json.Literal(text);
            }
        }

        foreach (string gone in _lastOthers.Keys.Where(name => !slots.Others.ContainsKey(name)).ToArray())
        {
            _lastOthers.Remove(gone);
            _any = true;
            _json.Key(JsonBytes.Key(gone));
            _json.Literal("null"u8);
        }
    }

    private void Write(in PoolValue value, byte[]? node)
    {
        if (node is not null)
        {
            _json.Literal(node);
        }
        else if (value.Kind == ValueKind.Absent)
        {
            _json.Literal("null"u8);
        }
        else
        {
            _json.Value(value, asFloat: false);
        }
    }

    private byte[]? Text(string name, in PoolValue value)
    {
        try
        {
            if (value.Kind == ValueKind.Float)
            {
                // With its fraction, so that it comes back as a float.
                Span<byte> number = stackalloc byte[32];
                return number[..JsonBytes.Format(value.Float, number)].ToArray();
            }

            byte[] text = value.Kind >= ValueKind.List ? JsonBytes.Of(value.WriteTo, JsonBytes.ValueWriterOptions)
                : value.ToNode() is { } node ? JsonBytes.Of(node, JsonBytes.ValueWriterOptions)
                : "null"u8.ToArray();
            if (!HasHalf(text))
            {
                return text;
            }

            Problem = HalfProblem(name);
            return null;
        }
#pragma warning disable CA1031 // Whatever a value of a hook throws when it is written: it cannot be recorded.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Problem = $"The variable '{name}' cannot be recorded as JSON: {ExceptionText.MessageOf(exception)}";
            return null;
        }
    }

    private static string HalfProblem(string name) => $"The variable '{name}' cannot be recorded as JSON: half of a surrogate pair is no text.";

    private static bool HasHalf(string text)
    {
        for (int i = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The writer puts this escape where half a pair stood; the character itself it writes as it is.</summary>
    private static bool HasHalf(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> mark = "\\uFFFD"u8;
        for (int at; (at = json.IndexOf(mark)) >= 0; json = json[(at + mark.Length)..])
        {
            int backslashes = at - 1 - json[..at].LastIndexOfAnyExcept((byte)'\\');
            if (backslashes % 2 == 0)
            {
                return true;
            }
        }

        return false;
    }
}
