using System.Globalization;
using System.Text;
using System.Text.Json;
using Ryuso.Json;

namespace Ryuso.Values;

/// <summary>
/// One JSON object under construction. What is known beforehand (keys, references) comes in as ready bytes,
/// numbers and plain strings are written in place, and everything else is left to <see cref="Utf8JsonWriter"/>.
/// </summary>
#pragma warning disable CA1001 // The writer holds no resource: it writes to memory.
internal sealed class AnswerBuffer : ByteBuffer
#pragma warning restore CA1001
{
    private const int MaxNumberBytes = 40;
    private const int MaxRetainedBytes = 256 * 1024;

    private readonly Utf8JsonWriter _writer = new(Stream.Null, JsonBytes.ValueWriterOptions);

    public ReadOnlySpan<byte> Written => Bytes.AsSpan(0, Length);

    /// <summary>Takes the last answer away.</summary>
    public void Clear() => Clear(MaxRetainedBytes);

    public void End()
    {
        if (Length == 0)
        {
            Write("{"u8);
        }

        Bytes[0] = (byte)'{';
        Write("}"u8);
    }

    /// <param name="key">As <see cref="JsonBytes.Key"/> makes it. The comma of the first key becomes the opening brace.</param>
    public void Key(ReadOnlySpan<byte> key) => Write(key);

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
                Length += JsonBytes.Format(value.Float, GetSpan(MaxNumberBytes));
                break;
            case ValueKind.Bool:
                Bool(value.Bool);
                break;
            default:
                _writer.Reset(this);
                value.WriteTo(_writer);
                _writer.Flush();
                break;
        }
    }

    public void Bool(bool value) => Write(value ? "true"u8 : "false"u8);

    public void Number(long value)
    {
        value.TryFormat(GetSpan(MaxNumberBytes), out int length, default, CultureInfo.InvariantCulture);
        Length += length;
    }

    /// <param name="json">A ready value.</param>
    public void Literal(ReadOnlySpan<byte> json) => Write(json);

    public void Text(string? value)
    {
        if (value is null)
        {
            Write("null"u8);
        }
        else if (JsonBytes.NeedsNoEscape(value))
        {
            Span<byte> room = GetSpan(value.Length + 2);
            room[0] = (byte)'"';
            Ascii.FromUtf16(value, room[1..], out int length);
            room[length + 1] = (byte)'"';
            Length += length + 2;
        }
        else
        {
            _writer.Reset(this);
            _writer.WriteStringValue(value);
            _writer.Flush();
        }
    }

    public void BeginList() => Write("["u8);

    /// <param name="literal">A ready value.</param>
    /// <param name="isFirst">Whether it is the list's first.</param>
    public void Item(ReadOnlySpan<byte> literal, bool isFirst)
    {
        if (!isFirst)
        {
            Write(","u8);
        }

        Write(literal);
    }

    public void EndList() => Write("]"u8);
}
