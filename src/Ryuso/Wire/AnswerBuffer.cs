using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ryuso;

/// <summary>
/// One JSON object under construction. What is known beforehand (keys, references) comes in as ready bytes,
/// numbers and plain strings are written in place, and everything else is left to <see cref="Utf8JsonWriter"/>.
/// </summary>
#pragma warning disable CA1001 // The writer holds no resource: it writes to memory.
internal sealed class AnswerBuffer : IBufferWriter<byte>
#pragma warning restore CA1001
{
    private const int LongestNumber = 40;
    private const int Usual = 1024;
    private const int MostKept = 256 * Usual;

    private readonly Utf8JsonWriter _writer = new(Stream.Null, JsonBytes.WriterOptions);
    private byte[] _bytes = new byte[Usual];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Begin()
    {
        _length = 0;
        if (_bytes.Length > MostKept)
        {
            _bytes = new byte[Usual];
        }
    }

    public void End()
    {
        if (_length == 0)
        {
            Raw("{"u8);
        }

        _bytes[0] = (byte)'{';
        Raw("}"u8);
    }

    /// <param name="key">As <see cref="JsonBytes.Key"/> makes it. The comma of the first key becomes the opening brace.</param>
    public void Key(ReadOnlySpan<byte> key) => Raw(key);

    public void Value(in PoolValue value, bool asFloat)
    {
        switch (value.Kind)
        {
            case ValueKind.String:
                Text(value.String);
                break;
            case ValueKind.Int when !asFloat:
                Number(value.Int);
                break;
            case ValueKind.Int or ValueKind.Float:
                _length += JsonBytes.Format(value.Float, GetSpan(LongestNumber));
                break;
            case ValueKind.Bool:
                Bool(value.Bool);
                break;
            default:
                _writer.Reset(this);
                value.Node.WriteTo(_writer);
                _writer.Flush();
                break;
        }
    }

    public void Bool(bool value) => Raw(value ? "true"u8 : "false"u8);

    public void Number(long value)
    {
        value.TryFormat(GetSpan(LongestNumber), out int length, default, CultureInfo.InvariantCulture);
        _length += length;
    }

    /// <param name="json">A ready value.</param>
    public void Literal(ReadOnlySpan<byte> json) => Raw(json);

    public void Text(string? value)
    {
        if (value is null)
        {
            Raw("null"u8);
        }
        else if (JsonBytes.IsPlain(value))
        {
            Span<byte> room = GetSpan(value.Length + 2);
            room[0] = (byte)'"';
            Ascii.FromUtf16(value, room[1..], out int length);
            room[length + 1] = (byte)'"';
            _length += length + 2;
        }
        else
        {
            _writer.Reset(this);
            _writer.WriteStringValue(value);
            _writer.Flush();
        }
    }

    public void BeginList() => Raw("["u8);

    /// <param name="literal">A ready value.</param>
    /// <param name="isFirst">Whether it is the list's first.</param>
    public void Item(ReadOnlySpan<byte> literal, bool isFirst)
    {
        if (!isFirst)
        {
            Raw(","u8);
        }

        Raw(literal);
    }

    public void EndList() => Raw("]"u8);

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        GetSpan(sizeHint);
        return _bytes.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        if (_bytes.Length - _length < Math.Max(1, sizeHint))
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + sizeHint));
        }

        return _bytes.AsSpan(_length);
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _length += bytes.Length;
    }
}
