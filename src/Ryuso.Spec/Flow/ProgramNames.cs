using Ryuso.Spec.Model;

namespace Ryuso.Spec.Flow;

/// <summary>Programs as a message names them.</summary>
internal static class ProgramNames
{
    /// <summary>How many of anything a message names.</summary>
    public const int MaxNamed = 3;

    public static string Of(IEnumerable<SpecItem> programs)
    {
        List<string> names = [.. programs.Select(p => $"'{p.Reference}'").Distinct()];
        return names.Count <= MaxNamed ? string.Join(" and ", names) : $"{string.Join(", ", names.Take(MaxNamed))} and {names.Count - MaxNamed} more programs";
    }
}
