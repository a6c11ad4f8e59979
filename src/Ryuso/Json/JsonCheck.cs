using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Ryuso.Json;

/// <summary>
/// Walks through a list or dict once, so that what is wrong in it shows at the door and not in a hook: a key that stands twice, or a
/// string that is no Unicode. Time is linear, and memory eight bytes for each key of the open dicts, whatever a client sends.
/// </summary>
internal ref struct JsonCheck(ReadOnlySpan<byte> source)
{
    /// <summary>Marks the place of a key as one in <see cref="_unescaped"/>, where its length stands before it.</summary>
    private const uint UnescapedMark = 1U << 31;

    private readonly ReadOnlySpan<byte> _source = source;

    // The keys of the dicts that are open, the innermost last: the hash of each above its place.
    private List<ulong>? _keys;
    private ArrayBufferWriter<byte>? _unescaped;

    /// <summary>Checks the value at the reader's token and leaves the reader on its last token.</summary>
    /// <param name="reader">Reads the source.</param>
    /// <exception cref="JsonException">It is no JSON, or a key stands twice in one dict.</exception>
    /// <exception cref="InvalidOperationException">A string holds half of a surrogate pair.</exception>
    public void Check(ref Utf8JsonReader reader)
    {
        // Where the keys of each open dict begin; a list has none.
        var begins = new Stack<int>();
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    begins.Push(_keys?.Count ?? 0);
                    break;
                case JsonTokenType.StartArray:
                    begins.Push(-1);
                    break;
                case JsonTokenType.EndObject:
                    EndDict(begins.Pop());
                    break;
                case JsonTokenType.EndArray:
                    begins.Pop();
                    break;
                case JsonTokenType.PropertyName:
                    AddKey(ref reader);
                    break;
                case JsonTokenType.String when reader.ValueIsEscaped:
                    _unescaped ??= new ArrayBufferWriter<byte>();
                    reader.CopyString(_unescaped.GetSpan(reader.ValueSpan.Length));
                    break;
            }
        }
        while (begins.Count > 0 && reader.Read());
    }

    private void AddKey(ref Utf8JsonReader reader)
    {
        _keys ??= [];
        uint place = (uint)reader.TokenStartIndex + 1;
        if (reader.ValueIsEscaped)
        {
            _unescaped ??= new ArrayBufferWriter<byte>();
            place = (uint)_unescaped.WrittenCount | UnescapedMark;
            Span<byte> room = _unescaped.GetSpan(sizeof(int) + reader.ValueSpan.Length);
            int length = reader.CopyString(room[sizeof(int)..]);
            BinaryPrimitives.WriteInt32LittleEndian(room, length);
            _unescaped.Advance(sizeof(int) + length);
        }

        // Seeded anew in each process, so that no client can choose keys of one hash.
        HashCode hash = default;
        hash.AddBytes(KeyAt(place));
        _keys.Add(((ulong)(uint)hash.ToHashCode() << 32) | place);
    }

    /// <summary>A dict ends: its keys are compared and forgotten.</summary>
    private readonly void EndDict(int begin)
    {
        if (_keys is null || _keys.Count == begin)
        {
            return;
        }

        Span<ulong> keys = CollectionsMarshal.AsSpan(_keys)[begin..];
        keys.Sort();
        for (int i = 0; i < keys.Length; i++)
        {
            for (int j = i + 1; j < keys.Length && keys[j] >> 32 == keys[i] >> 32; j++)
            {
                if (KeyAt((uint)keys[i]).SequenceEqual(KeyAt((uint)keys[j])))
                {
                    throw new JsonException($"duplicate key '{Encoding.UTF8.GetString(KeyAt((uint)keys[i]))}' in one object");
                }
            }
        }

        _keys.RemoveRange(begin, keys.Length);
    }

    private readonly ReadOnlySpan<byte> KeyAt(uint place)
    {
        if ((place & UnescapedMark) == 0)
        {
            ReadOnlySpan<byte> rest = _source[(int)place..];
            return rest[..rest.IndexOf((byte)'"')];
        }

        ReadOnlySpan<byte> unescaped = _unescaped!.WrittenSpan[(int)(place & ~UnescapedMark)..];
        return unescaped.Slice(sizeof(int), BinaryPrimitives.ReadInt32LittleEndian(unescaped));
    }
}
