namespace Ryuso.Spec.Model;

/// <summary>The variables that the engine owns: no client and no hook sets them.</summary>
public static class ReservedNames
{
    private static readonly Dictionary<string, SpecType?> s_names = new(StringComparer.Ordinal)
    {
        ["_program_name"] = SpecType.String,
        ["_program_time_start"] = SpecType.Int,
        ["_run_id"] = SpecType.String,
        ["_program_fail"] = null,
        ["_dependency_fail"] = null,
        ["_rectifier_fail"] = null,
        ["_last_failed_program"] = null,
        ["_error"] = null,
        ["_traceback"] = null,
        ["_rectified"] = null,
        ["_unrectified"] = null,
        ["_server_error"] = null,
        ["_error_code"] = null,
    };

    /// <summary>Every name.</summary>
    public static IReadOnlyCollection<string> All => s_names.Keys;

    /// <summary>Whether the name is one of them.</summary>
    public static bool Contains(string name) => s_names.ContainsKey(name);

    /// <summary>The type of a variable that hooks can read during a run; null for those that only answers hold, and for all other names.</summary>
    public static SpecType? ReadableAs(string name) => s_names.TryGetValue(name, out SpecType? type) ? type : null;
}
