namespace Ryuso.Client;

/// <summary>
/// What a server has sent and nobody has taken yet. An answer ends with a newline, which no JSON of a single line can hold.
/// </summary>
internal sealed class ResponseBuffer(int maxAnswerBytes)
{
    private byte[] _bytes = new byte[ClientTuning.ReceiveBytes];
    private int _from;
    private int _searched;
    private int _to;

    /// <summary>What has come of an answer that is not complete.</summary>
    public ReadOnlySpan<byte> Pending => _bytes.AsSpan(_from, _to - _from);

    /// <summary>Where to receive more.</summary>
    /// <exception cref="InvalidDataException">The answer is too long.</exception>
    public Memory<byte> GetMemory()
    {
        int length = _to - _from;
        if (length > maxAnswerBytes)
        {
            throw new InvalidDataException($"The server's answer is longer than {maxAnswerBytes} bytes (option MaxAnswerBytes).");
        }

        if (length == 0)
        {
            _from = _searched = _to = 0;
            if (_bytes.Length > 4 * ClientTuning.ReceiveBytes)
            {
                // The room that one large answer needed is not kept.
                _bytes = new byte[ClientTuning.ReceiveBytes];
            }
        }
        else if (_to == _bytes.Length)
        {
            byte[] target = length > _bytes.Length / 2
                ? GC.AllocateUninitializedArray<byte>((int)Math.Min(_bytes.Length * 2L, maxAnswerBytes + 1L))
                : _bytes;
            Pending.CopyTo(target);
            _bytes = target;
            (_from, _searched, _to) = (0, _searched - _from, length);
        }

        return _bytes.AsMemory(_to);
    }

    public void Advance(int count) => _to += count;

    /// <summary>The next answer that is complete, without its newline.</summary>
    public bool TryTake(out ReadOnlySpan<byte> answer)
    {
        int end = _bytes.AsSpan(_searched, _to - _searched).IndexOf((byte)'\n');
        if (end < 0)
        {
            _searched = _to;
            answer = default;
            return false;
        }

        end += _searched;
        answer = _bytes.AsSpan(_from, end - _from);
        _from = _searched = end + 1;
        return true;
    }
}
