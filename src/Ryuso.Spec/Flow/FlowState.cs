using Ryuso.Spec.Model;

namespace Ryuso.Spec.Flow;

/// <summary>What the pool may hold at one point of a run: for each variable the types that may have been written.</summary>
internal sealed class FlowState
{
    // Metadata brings variables with a leading underscore, of any type; the spec need not name who sends them.
    private const byte Anything = 1 << 7;
    private readonly byte[] _initial;
    private readonly byte[] _types;
    private readonly FlowArg?[] _writers;

    public FlowState(IReadOnlyList<string> names)
    {
        _initial = [.. names.Select(Initial)];
        _types = [.. _initial];
        _writers = new FlowArg?[names.Count];
    }

    public void Clear()
    {
        _initial.CopyTo(_types, 0);
        Array.Clear(_writers, 0, _writers.Length);
    }

    public bool MayHave(int variable) => _types[variable] != 0;

    /// <summary>Who wrote the variable last, as far as the spec says.</summary>
    public FlowArg? Writer(int variable) => _writers[variable];

    /// <summary>Whether the variable, if it is there, may be read as the type.</summary>
    public bool MayBe(int variable, SpecType type)
    {
        int fitting = Bit(type) | Anything | (type == SpecType.Float ? Bit(SpecType.Int) : 0);
        return _types[variable] == 0 || (_types[variable] & fitting) != 0;
    }

    /// <summary>A write that surely happens: what was there before is gone.</summary>
    public void Set(FlowArg by)
    {
        _types[by.Variable] = Bit(by.Type);
        _writers[by.Variable] = by;
    }

    /// <summary>A write that may happen.</summary>
    public void Add(FlowArg by)
    {
        _types[by.Variable] |= Bit(by.Type);
        _writers[by.Variable] = by;
    }

    /// <summary>What has been told about the variable is told once.</summary>
    public void Excuse(int variable) => _types[variable] |= Anything;

    private static byte Bit(SpecType type) => (byte)(1 << (int)type);

    private static byte Initial(string name) =>
        ReservedNames.ReadableAs(name) is { } type ? Bit(type)
        : name[0] == '_' && !ReservedNames.Contains(name) ? Anything : (byte)0;
}
