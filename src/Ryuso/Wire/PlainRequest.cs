using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Ryuso;

/// <summary>
/// Reads the requests that nearly all clients send: names without escapes, one <c>program</c>, one <c>data_pool</c>, the envelope.
/// It takes what it is sure of and leaves everything else, errors included, to <see cref="RequestReader"/>, which
/// reads the request again from its beginning. So there is one definition of a good request, and this is a short cut to it.
/// </summary>
/// <param name="request">Begins with the request; more may follow.</param>
/// <param name="slots">Where the variables go.</param>
internal ref struct PlainRequest(ReadOnlySpan<byte> request, PoolSlots slots)
{
    private static readonly SearchValues<byte> EndsPlainText = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private static readonly SearchValues<byte> EndsNumber = SearchValues.Create(",} \t\r\n"u8);

    private static ReadOnlySpan<double> PowersOfTen => [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    private static readonly JsonReaderOptions Options = new() { MaxDepth = RequestReader.MaxDepth - 2 };

    private readonly ReadOnlySpan<byte> _request = request;
    private int _at;

    /// <summary>The program's index once <see cref="TryRead"/> has succeeded.</summary>
    public int Program { get; private set; } = -1;

    /// <summary>Where the request ends once <see cref="TryRead"/> has succeeded.</summary>
    public readonly int Length => _at;

    /// <summary>The id as it stands in the request; empty where it has none.</summary>
    public ReadOnlySpan<byte> Id { get; private set; }

    /// <summary>Whether the envelope has nothing in it but perhaps a good id, so that only a run can be meant.</summary>
    public bool IsOnlyRun { get; private set; } = true;

    /// <summary>Fills the slots. False where the request is not plain; the slots then hold rubbish.</summary>
    public bool TryRead(NameTable programs)
    {
        bool hasPool = false, hasRunId = false, hasTrace = false;
        if (!Take((byte)'{'))
        {
            return false;
        }

        do
        {
            if (!TryName(out ReadOnlySpan<byte> name))
            {
                return false;
            }

            if (name.SequenceEqual("data_pool"u8) && !hasPool)
            {
                hasPool = true;
                if (!TryReadPool())
                {
                    return false;
                }
            }
            else if (RequestHead.IsKey(name))
            {
                if (!TryEnvelope(isId: name.Length == 2 && name[0] == 'i'))
                {
                    return false;
                }
            }
            else if (name.SequenceEqual("run_id"u8) && !hasRunId)
            {
                hasRunId = true;
                if (!TryText(out ReadOnlySpan<byte> runId) || runId.Length is 0 or > RequestReader.MaxRunIdLength)
                {
                    return false;
                }

                slots.NameRun(Encoding.UTF8.GetString(runId));
            }
            else if (name.SequenceEqual("traceparent"u8) && !hasTrace)
            {
                hasTrace = true;
                if (!TryText(out ReadOnlySpan<byte> trace))
                {
                    return false;
                }

                slots.TraceParent = Encoding.UTF8.GetString(trace);
            }
            else if (!name.SequenceEqual("program"u8) || Program >= 0 || !TryText(out ReadOnlySpan<byte> program) || (Program = programs.Find(program)) < 0)
            {
                return false;
            }
        }
        while (Take((byte)','));
        return Take((byte)'}') && Program >= 0;
    }

    /// <summary>A value of the envelope, which is not the run's business: a plain string or a short number.</summary>
    private bool TryEnvelope(bool isId)
    {
        PoolValue ignored = default;
        if (!SkipSpace())
        {
            return false;
        }

        int start = _at;
        if (!TryText(out _) && !TryNumber(ref ignored))
        {
            return false;
        }

        ReadOnlySpan<byte> token = _request[start.._at];
        IsOnlyRun &= isId && Id.IsEmpty && (token[0] == '"' || !token.ContainsAny(".eE"u8));
        Id = isId ? token : Id;
        return true;
    }

    private bool TryReadPool()
    {
        if (!Take((byte)'{'))
        {
            return false;
        }

        if (Take((byte)'}'))
        {
            return true;
        }

        do
        {
            if (!TryName(out ReadOnlySpan<byte> name) || slots.Find(name) is var slot && slot < 0 || !slots.TryName(slot) || !TryValue(ref slots[slot]))
            {
                return false;
            }
        }
        while (Take((byte)','));
        return Take((byte)'}');
    }

    private bool TryName(out ReadOnlySpan<byte> name) => TryText(out name) && Take((byte)':');

    /// <summary>A string without escapes.</summary>
    private bool TryText(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (!Take((byte)'"'))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = _request[_at..];
        int end = rest.IndexOfAny(EndsPlainText);
        if (end < 0 || rest[end] != '"')
        {
            _at--;
            return false;
        }

        text = rest[..end];
        _at += end + 1;
        return true;
    }

    private bool TryValue(ref PoolValue value)
    {
        if (!SkipSpace())
        {
            return false;
        }

        byte first = _request[_at];
        if (first == '"' && TryText(out ReadOnlySpan<byte> text))
        {
            value = PoolValue.Of(Encoding.UTF8.GetString(text));
            return true;
        }

        return first switch
        {
            (byte)'t' => TryWord("true"u8, PoolValue.Of(true), ref value),
            (byte)'f' => TryWord("false"u8, PoolValue.Of(false), ref value),
            (byte)'n' => TryWord("null"u8, default, ref value),
            (byte)'-' or (>= (byte)'0' and <= (byte)'9') => TryNumber(ref value),
            _ => TryLibrary(ref value),
        };
    }

    private bool TryWord(ReadOnlySpan<byte> word, in PoolValue meaning, ref PoolValue value)
    {
        if (!_request[_at..].StartsWith(word))
        {
            return false;
        }

        _at += word.Length;
        value = meaning;
        return true;
    }

    /// <summary>A number of at most 15 digits without an exponent: such a fraction is exact as a quotient of two exact doubles.</summary>
    private bool TryNumber(ref PoolValue value)
    {
        int start = _at;
        bool negative = _request[_at] == '-';
        if (negative)
        {
            _at++;
        }

        int whole = _at;
        long digits = Digits(0);
        int count = _at - whole;
        if (count == 0 || (count > 1 && _request[whole] == '0'))
        {
            return false;
        }

        int fraction = 0;
        if (_at < _request.Length && _request[_at] == '.')
        {
            int point = ++_at;
            digits = Digits(digits);
            fraction = _at - point;
            if (fraction == 0)
            {
                return false;
            }
        }

        if (fraction > 0 && count + fraction > 15 && !IsExponentNext)
        {
            // What the library's reader calls too, behind the check of the grammar that is done here.
            bool isNumber = Utf8Parser.TryParse(_request[start.._at], out double number, out int length) && length == _at - start && double.IsFinite(number);
            value = PoolValue.Of(number);
            return isNumber;
        }

        if (count + fraction > 15 || IsExponentNext)
        {
            _at = start;
            int length = _request[start..].IndexOfAny(EndsNumber);
            return length > 0 && TryReadBy(_request.Slice(start, length), ref value);
        }

        value = fraction == 0
            ? PoolValue.Of(negative ? -digits : digits)
            : PoolValue.Of((negative ? -1.0 : 1.0) * digits / PowersOfTen[fraction]);
        return true;
    }

    private readonly bool IsExponentNext => _at < _request.Length && _request[_at] is (byte)'e' or (byte)'E';

    private long Digits(long value)
    {
        // More than 15 digits overflow into rubbish, which the caller does not use.
        while (_at < _request.Length && (uint)(_request[_at] - '0') <= 9)
        {
            value = unchecked((value * 10) + (_request[_at++] - '0'));
        }

        return value;
    }

    /// <summary>Lists, dicts, strings with escapes: one value, read by the library. Its end is looked for first, since it need not have come.</summary>
    private bool TryLibrary(ref PoolValue value)
    {
        try
        {
            var reader = new Utf8JsonReader(_request[_at..], isFinalBlock: false, new JsonReaderState(Options));
            return reader.Read() && reader.TrySkip() && TryReadBy(_request.Slice(_at, (int)reader.BytesConsumed), ref value);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>One value as the library reads it.</summary>
    private bool TryReadBy(ReadOnlySpan<byte> text, ref PoolValue value)
    {
        var reader = new Utf8JsonReader(text, Options);
        try
        {
            if (!reader.Read())
            {
                return false;
            }

            value = PoolValue.Read(ref reader);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }

        _at += (int)reader.BytesConsumed;
        return true;
    }

    private bool Take(byte token)
    {
        if (!SkipSpace() || _request[_at] != token)
        {
            return false;
        }

        _at++;
        return true;
    }

    /// <summary>False at the end.</summary>
    private bool SkipSpace()
    {
        while (_at < _request.Length)
        {
            if (_request[_at] is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
            {
                return true;
            }

            _at++;
        }

        return false;
    }
}
