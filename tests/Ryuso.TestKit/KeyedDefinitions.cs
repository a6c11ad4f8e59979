using Ryuso.Definitions;

namespace Ryuso.TestKit;

/// <summary>Gives programs keys.</summary>
internal static class KeyedDefinitions
{
    /// <param name="definition">A compiled spec.</param>
    /// <param name="keys">For each program its key, and whether a stuck run keeps it. Other programs run alone.</param>
    public static SpecDefinition WithKeys(this SpecDefinition definition, params (string Program, string[] Key, bool HoldsWhenStuck)[] keys) => definition with
    {
        Programs = [.. definition.Programs.Select(program => keys.FirstOrDefault(k => k.Program == program.Name) is { Program: not null } found
            ? program with { Key = found.Key, HoldsKeysWhenStuck = found.HoldsWhenStuck }
            : program)],
    };
}
