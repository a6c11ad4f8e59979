using Ryuso.Spec.Model;

namespace Ryuso.Generator.Emit;

/// <summary>Names of properties: the variable's in PascalCase, and another where that would clash with what C# puts there.</summary>
internal static class MemberNames
{
    private static readonly HashSet<string> s_record =
    [
        "Clone", "Deconstruct", "EqualityContract", "Equals", "Finalize", "GetHashCode", "GetType", "MemberwiseClone",
        "PrintMembers", "ReferenceEquals", "ToString", ProgramEmitter.ToPool, ProgramEmitter.FromAnswer, ShapeEmitter.ToJson, ShapeEmitter.FromJson,
    ];

    private static readonly HashSet<string> s_pool =
    [
        "Assign", "Equals", "Finalize", "GetBool", "GetDict", "GetFloat", "GetHashCode", "GetInt", "GetList", "GetOutputString", "GetString", "GetType",
        "Item", "MemberwiseClone", "ReferenceEquals", "Set", "ToString",
    ];

    /// <summary>What no member of a record may be called.</summary>
    public static IEnumerable<string> OfEveryRecord => s_record;

    public static IReadOnlyList<string> OfRecord(IEnumerable<string> variables, string record) => Unique(variables, [.. s_record, record]);

    public static IReadOnlyList<string> OfPool(IEnumerable<string> variables, string pool, IEnumerable<string> methods) =>
        Unique(variables, [.. s_pool, pool, .. methods]);

    /// <summary>Takes names that are not taken yet; numbers those that are.</summary>
    public static IReadOnlyList<string> Unique(IEnumerable<string> names, HashSet<string> taken)
    {
        List<string> unique = [];
        foreach (string name in names)
        {
            string pascal = SpecNaming.ToPascalCase(name);
            string candidate = pascal;
            for (int number = 2; !taken.Add(candidate); number++)
            {
                candidate = pascal + number;
            }

            unique.Add(candidate);
        }

        return unique;
    }
}
