namespace Ryuso.Json;

/// <summary>Remembers which name came behind which: the same clients name the same variables in the same order, so that one comparison finds the next.</summary>
internal sealed class KeyOrderPredictor
{
    private readonly byte[][] _keys;
    private readonly int[] _next;

    public KeyOrderPredictor(string[] names)
    {
        _keys = [.. names.Select(byte[] (name) => [.. JsonBytes.Literal(name), (byte)':'])];
        _next = new int[names.Length + 1];
        Array.Fill(_next, -1);
    }

    /// <summary>Whether the text begins with the key that came last time.</summary>
    /// <param name="text">Begins with a key or anything else.</param>
    /// <param name="before">The index of the name before; -1 for none.</param>
    /// <param name="name">The index of the key's name.</param>
    /// <param name="length">The key's length, its quotes and its colon included.</param>
    public bool TryPredict(ReadOnlySpan<byte> text, int before, out int name, out int length)
    {
        name = _next[before + 1];
        ReadOnlySpan<byte> key = name < 0 ? default : _keys[name];
        length = key.Length;
        return length > 0 && text.StartsWith(key);
    }

    /// <summary>Remembers what came this time.</summary>
    /// <param name="before">The index of the name before; -1 for none.</param>
    /// <param name="name">The index of the name that came behind it.</param>
    public void Learn(int before, int name) => _next[before + 1] = name;
}
