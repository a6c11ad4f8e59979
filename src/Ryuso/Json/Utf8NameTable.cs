using System.Buffers.Binary;
using System.Text;

namespace Ryuso.Json;

/// <summary>Finds a name's index by its UTF-8 bytes, so that reading a request makes no string of a name that the spec knows.</summary>
internal sealed class Utf8NameTable
{
    private readonly byte[][] _names;
    private readonly int[] _buckets;

    public Utf8NameTable(IEnumerable<string> names)
    {
        _names = [.. names.Select(Encoding.UTF8.GetBytes)];
        _buckets = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(_names.Length * 2) + 1)];
        for (int i = 0; i < _names.Length; i++)
        {
            int place = Hash(_names[i]) & (_buckets.Length - 1);
            while (_buckets[place] != 0)
            {
                place = (place + 1) & (_buckets.Length - 1);
            }

            _buckets[place] = i + 1;
        }
    }

    /// <summary>The name's index; -1 for a name that the table lacks.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        for (int place = Hash(name) & (_buckets.Length - 1); _buckets[place] != 0; place = (place + 1) & (_buckets.Length - 1))
        {
            int index = _buckets[place] - 1;
            if (name.SequenceEqual(_names[index]))
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>Of the length, the first and the last bytes: names of a spec seldom differ in the middle only.</summary>
    private static int Hash(ReadOnlySpan<byte> name)
    {
        ulong mixed = name.Length switch
        {
            >= 8 => BinaryPrimitives.ReadUInt64LittleEndian(name) ^ (BinaryPrimitives.ReadUInt64LittleEndian(name[^8..]) * 3),
            >= 4 => BinaryPrimitives.ReadUInt32LittleEndian(name) | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(name[^4..]) << 32),
            > 0 => name[0] | ((ulong)name[^1] << 8) | ((ulong)name[name.Length / 2] << 16),
            _ => 0,
        };
        return (int)(((mixed ^ (uint)name.Length) * 0x9E3779B97F4A7C15UL) >> 33);
    }
}
