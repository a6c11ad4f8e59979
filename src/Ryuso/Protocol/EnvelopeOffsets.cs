namespace Ryuso.Protocol;

/// <summary>Where the values of the envelope's keys stand in a request: just behind the key; 0 for a key that it lacks.</summary>
internal struct EnvelopeOffsets
{
    public int Id;
    public int Op;
    public int Auth;
    public int Program;

    /// <summary>Whether the marks are not to be relied on: a key with an escape, or one that stands twice.</summary>
    public bool IsAmbiguous;

    /// <summary>Whether there is anything but a plain run.</summary>
    public readonly bool HasAny => (Id | Op | Auth) != 0 || IsAmbiguous;

    /// <summary>Looks at a string between the outermost braces.</summary>
    /// <param name="end">The byte that the search in the string stopped at.</param>
    /// <param name="before">The request up to that byte.</param>
    /// <param name="start">Where the string begins.</param>
    public void RecordKey(byte end, ReadOnlySpan<byte> before, int start)
    {
        ReadOnlySpan<byte> text = before[start..];
        if (end == '\\')
        {
            IsAmbiguous |= IsKey(before, start);
        }
        else if (text.Length == 2 && text[0] == 'i' && text[1] == 'd')
        {
            Record(ref Id, before, start);
        }
        else if (text.Length == 2 && text[0] == 'o' && text[1] == 'p')
        {
            Record(ref Op, before, start);
        }
        else if (text.Length == 4 && text.SequenceEqual("auth"u8))
        {
            Record(ref Auth, before, start);
        }
        else if (text.Length == 7 && text.SequenceEqual("program"u8))
        {
            Record(ref Program, before, start);
        }
    }

    private void Record(ref int mark, ReadOnlySpan<byte> before, int start)
    {
        if (IsKey(before, start))
        {
            IsAmbiguous |= mark != 0;
            mark = before.Length + 1;
        }
    }

    /// <summary>Before a key's quote stands a brace or a comma, before a value's a colon.</summary>
    private static bool IsKey(ReadOnlySpan<byte> before, int start) =>
        before[..(start - 1)].TrimEnd(" \t\r\n"u8) is [.., (byte)'{' or (byte)','];
}
