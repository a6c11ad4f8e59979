using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Values;

namespace Ryuso.Protocol;

/// <summary>
/// Reads the requests that nearly all clients send: names without escapes, one <c>program</c>, one <c>data_pool</c>, the envelope.
/// It takes what it is sure of and leaves everything else, errors included, to <see cref="RequestParser"/>, which
/// reads the request again from its beginning. So there is one definition of a good request, and this is a short cut to it.
/// Each part is read from a position and gives the position behind it, or <see cref="NotParsed"/>, where nothing more can be read.
/// </summary>
/// <param name="request">Begins with the request; more may follow.</param>
/// <param name="slots">Where the variables go.</param>
internal ref struct FastRequestParser(ReadOnlySpan<byte> request, PoolSlots slots)
{
    private const int NotParsed = -1;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = JsonDepth.MaxValue };

    private readonly ReadOnlySpan<byte> _request = request;

    /// <summary>The program's index once <see cref="TryParse"/> has succeeded.</summary>
    public int Program { get; private set; } = -1;

    /// <summary>Where the request ends once <see cref="TryParse"/> has succeeded.</summary>
    public int Length { get; private set; }

    /// <summary>The id as it stands in the request; empty where it has none.</summary>
    public ReadOnlySpan<byte> Id { get; private set; }

    /// <summary>Whether the envelope has nothing in it but perhaps a good id, so that only a run can be meant.</summary>
    public bool IsOnlyRun { get; private set; } = true;

    /// <summary>Fills the slots. False where the request is not plain; the slots then hold rubbish.</summary>
    public bool TryParse(Utf8NameTable programs)
    {
        bool hasPool = false, hasRunId = false, hasTrace = false;
        int at = Token((byte)'{', 0);
        do
        {
            at = Name(at, out ReadOnlySpan<byte> name);
            if (name.SequenceEqual("program"u8) && Program < 0)
            {
                at = Text(at, out ReadOnlySpan<byte> program);
                if ((Program = programs.Find(program)) < 0)
                {
                    return false;
                }
            }
            else if (name.SequenceEqual("data_pool"u8) && !hasPool)
            {
                hasPool = true;
                at = Pool(at);
            }
            else if (RequestEnvelope.IsKey(name))
            {
                at = Envelope(at, isId: name.Length == 2 && name[0] == 'i');
            }
            else if (name.SequenceEqual("run_id"u8) && !hasRunId)
            {
                hasRunId = true;
                at = Text(at, out ReadOnlySpan<byte> runId);
                if (runId.Length is 0 or > RequestParser.MaxRunIdLength || runId.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
                {
                    return false;
                }

                slots.SetRunId(Encoding.UTF8.GetString(runId));
            }
            else if (name.SequenceEqual("traceparent"u8) && !hasTrace)
            {
                hasTrace = true;
                at = Text(at, out ReadOnlySpan<byte> trace);
                slots.TraceParent = Encoding.UTF8.GetString(trace);
            }
            else
            {
                return false;
            }
        }
        while (IsNext((byte)',', ref at));
        Length = Token((byte)'}', at);
        return Length > 0 && Program >= 0;
    }

    /// <summary>A value of the envelope, which is not the run's business: a plain string or a short number.</summary>
    private int Envelope(int at, bool isId)
    {
        PoolValue number = default;
        int start = Start(at);
        int end = Text(start, out _);
        bool isText = end > 0;
        end = isText ? end : Number(start, ref number);
        if (end > 0)
        {
            IsOnlyRun &= isId && Id.IsEmpty && (isText || number.Kind == ValueKind.Int);
            Id = isId ? _request[start..end] : Id;
        }

        return end;
    }

    private readonly int Pool(int at)
    {
        at = Token((byte)'{', at);
        if (IsNext((byte)'}', ref at))
        {
            return at;
        }

        int slot = -1;
        do
        {
            slot = Variable(slot, ref at);
            if (slot < 0 || !slots.TryMarkAssigned(slot))
            {
                return NotParsed;
            }

            at = Value(at, ref slots[slot]);
        }
        while (IsNext((byte)',', ref at));
        return Token((byte)'}', at);
    }

    /// <returns>The slot of the variable that is named next, <paramref name="at"/> then being behind the colon; -1 where there is none.</returns>
    private readonly int Variable(int before, ref int at)
    {
        if ((uint)at < (uint)_request.Length && slots.KeyOrder.TryPredict(_request[at..], before, out int slot, out int length))
        {
            at += length;
            return slot;
        }

        at = Name(at, out ReadOnlySpan<byte> name);
        slot = slots.Find(name);
        if (slot >= 0)
        {
            slots.KeyOrder.Learn(before, slot);
        }

        return slot;
    }

    private readonly int Name(int at, out ReadOnlySpan<byte> name) => Token((byte)':', Text(at, out name));

    /// <summary>A string without escapes.</summary>
    private readonly int Text(int at, out ReadOnlySpan<byte> text)
    {
        at = Token((byte)'"', at);
        if (at >= 0)
        {
            ReadOnlySpan<byte> rest = _request[at..];
            int end = UnescapedText.IndexOfEnd(rest);
            if ((uint)end < (uint)rest.Length && rest[end] == '"')
            {
                text = rest[..end];
                return at + end + 1;
            }
        }

        text = default;
        return NotParsed;
    }

    private readonly int Value(int at, ref PoolValue value)
    {
        at = Start(at);
        if ((uint)at >= (uint)_request.Length)
        {
            return NotParsed;
        }

        switch (_request[at])
        {
            case (byte)'"':
                int end = Text(at, out ReadOnlySpan<byte> text);
                if (end < 0)
                {
                    return ParseWithLibrary(at, ref value);
                }

                value = PoolValue.Of(UnescapedText.Read(text));
                return end;
            case (byte)'t':
                return Word(at, "true"u8, PoolValue.Of(true), ref value);
            case (byte)'f':
                return Word(at, "false"u8, PoolValue.Of(false), ref value);
            case (byte)'n':
                return Word(at, "null"u8, default, ref value);
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                return Number(at, ref value);
            default:
                return ParseWithLibrary(at, ref value);
        }
    }

    private readonly int Word(int at, ReadOnlySpan<byte> word, in PoolValue meaning, ref PoolValue value)
    {
        if (!_request[at..].StartsWith(word))
        {
            return NotParsed;
        }

        value = meaning;
        return at + word.Length;
    }

    private readonly int Number(int at, ref PoolValue value)
    {
        if ((uint)at >= (uint)_request.Length)
        {
            return NotParsed;
        }

        int length = ShortNumber.Read(_request[at..], ref value);
        return length > 0 ? at + length : NotParsed;
    }

    /// <summary>Lists, dicts, strings with escapes: one value, read by the library. Its end is looked for first, since it need not have come.</summary>
    private readonly int ParseWithLibrary(int at, ref PoolValue value)
    {
        try
        {
            ReadOnlySpan<byte> rest = _request[at..];
            var reader = new Utf8JsonReader(rest, isFinalBlock: false, new JsonReaderState(s_options));
            if (!reader.Read() || !reader.TrySkip())
            {
                return NotParsed;
            }

            int length = (int)reader.BytesConsumed;
            return PoolValue.TryParse(rest[..length], ref value) ? at + length : NotParsed;
        }
        catch (JsonException)
        {
            return NotParsed;
        }
    }

    private readonly bool IsNext(byte token, ref int at)
    {
        int behind = Token(token, at);
        at = behind > 0 ? behind : at;
        return behind > 0;
    }

    private readonly int Token(byte token, int at)
    {
        at = Start(at);
        return (uint)at < (uint)_request.Length && _request[at] == token ? at + 1 : NotParsed;
    }

    /// <summary>Where the next token starts.</summary>
    private readonly int Start(int at) => (uint)at < (uint)_request.Length && _request[at] <= ' ' ? SkipSpace(at) : at;

    /// <summary>Seldom needed, so that it stands apart from what is.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly int SkipSpace(int at)
    {
        while (at < _request.Length && _request[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at;
    }
}
