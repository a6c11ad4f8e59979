using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Ryuso.Json;

namespace Ryuso.Protocol;

/// <summary>What <see cref="RequestFramer"/> knows so far.</summary>
internal enum FramingResult
{
    /// <summary>The object has not ended yet.</summary>
    NeedMore,

    /// <summary>The object ends at <see cref="RequestFramer.Length"/>.</summary>
    Complete,

    /// <summary>What came cannot become JSON any more: nobody knows where it ends.</summary>
    Broken,

    /// <summary>The first thing is not an object.</summary>
    NotAnObject,

    /// <summary>More than <see cref="JsonDepth.Max"/> objects and lists stand in one another.</summary>
    TooDeep,
}

/// <summary>
/// Finds the end of the first JSON object as its bytes arrive, looking at each byte once, and notes on the way where
/// the keys of the envelope stand. Whether it is JSON is for the parser to say; but a byte that no JSON can hold
/// at its place ends the search, so that nobody waits for an end that cannot come.
/// </summary>
internal struct RequestFramer(int maxDepth)
{
    /// <summary>Looks for an object of any depth that there may be.</summary>
    public RequestFramer()
        : this(JsonDepth.Max)
    {
    }

    private static readonly SearchValues<byte> s_betweenStrings = SearchValues.Create(" \t\r\n,:+-.0123456789Etruefalsn"u8);
    private static readonly SearchValues<byte> s_endsOfUnescapedText = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    // One bit for each open bracket, the innermost lowest: set for an object.
    private ulong _open;
    private int _depth;
    private bool _inString;
    private bool _escaped;
    private int _string;
    private bool _isChecked;
    private EnvelopeOffsets _offsets;

    /// <summary>Whether the object has begun.</summary>
    public readonly bool HasBegun => _depth > 0;

    /// <summary>Where the keys of the envelope stand.</summary>
    [UnscopedRef]
    public readonly ref readonly EnvelopeOffsets Offsets => ref _offsets;

    /// <summary>How many bytes have been looked at; the object's end once it is complete.</summary>
    public int Length { get; private set; }

    /// <summary>Goes on where the last call ended.</summary>
    /// <param name="received">Everything received so far, from the first byte on.</param>
    public FramingResult Scan(ReadOnlySpan<byte> received)
    {
        if (_depth == 0 && Begin(received) is { } early)
        {
            return early;
        }

        while (Length < received.Length)
        {
            FramingResult result = _inString ? InString(received) : Outside(received);
            if (result != FramingResult.NeedMore)
            {
                return result;
            }
        }

        return FramingResult.NeedMore;
    }

    /// <summary>Looks for the opening brace; null once it is found.</summary>
    private FramingResult? Begin(ReadOnlySpan<byte> received)
    {
        ReadOnlySpan<byte> mark = "\uFEFF"u8;
        while (Length < received.Length)
        {
            byte next = received[Length];
            bool isMark = Length < mark.Length && received[..(Length + 1)].SequenceEqual(mark[..(Length + 1)]);
            bool cutsMark = Length is 1 or 2 && received[0] == mark[0] && !isMark;
            if (cutsMark || !(isMark || next is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'{'))
            {
                return FramingResult.NotAnObject;
            }

            Length++;
            if (next == '{')
            {
                _depth = 1;
                _open = 1;
                return null;
            }
        }

        return FramingResult.NeedMore;
    }

    private FramingResult InString(ReadOnlySpan<byte> received)
    {
        if (_escaped)
        {
            _escaped = false;
            return received[Length++] < 0x20 ? FramingResult.Broken : FramingResult.NeedMore;
        }

        int plain = received[Length..].IndexOfAny(s_endsOfUnescapedText);
        if (plain < 0)
        {
            Length = received.Length;
            return FramingResult.NeedMore;
        }

        byte next = received[Length + plain];
        Length += plain + 1;
        if (_depth == 1 && !_isChecked)
        {
            // Once a string: what stands before it may be long, and its escapes many.
            _isChecked = true;
            _offsets.RecordKey(next, received[..(Length - 1)], _string);
        }

        _inString = next != '"';
        _escaped = next == '\\';
        return next < 0x20 ? FramingResult.Broken : FramingResult.NeedMore;
    }

    private FramingResult Outside(ReadOnlySpan<byte> received)
    {
        int plain = received[Length..].IndexOfAnyExcept(s_betweenStrings);
        if (plain < 0)
        {
            Length = received.Length;
            return FramingResult.NeedMore;
        }

        byte next = received[Length + plain];
        Length += plain + 1;
        switch (next)
        {
            case (byte)'"':
                _inString = true;
                _string = Length;
                _isChecked = false;
                return FramingResult.NeedMore;
            case (byte)'{' or (byte)'[' when _depth == maxDepth:
                return FramingResult.TooDeep;
            case (byte)'{' or (byte)'[':
                _open = (_open << 1) | (next == '{' ? 1UL : 0UL);
                _depth++;
                return FramingResult.NeedMore;
            case (byte)'}' or (byte)']':
                bool closesItsOwn = (_open & 1) == (next == '}' ? 1UL : 0UL);
                _open >>= 1;
                _depth--;
                return !closesItsOwn ? FramingResult.Broken : _depth > 0 ? FramingResult.NeedMore : FramingResult.Complete;
            default:
                return FramingResult.Broken;
        }
    }
}
