using Ryuso.Definitions;

namespace Ryuso.Values;

/// <summary>The variables that the engine owns; nobody else sets them.</summary>
internal static class ReservedNames
{
    public const string ProgramFail = "_program_fail";
    public const string DependencyFail = "_dependency_fail";
    public const string RectifierFail = "_rectifier_fail";
    public const string LastFailedProgram = "_last_failed_program";
    public const string Error = "_error";
    public const string Traceback = "_traceback";
    public const string Rectified = "_rectified";
    public const string Unrectified = "_unrectified";
    public const string ProgramName = "_program_name";
    public const string ProgramTimeStart = "_program_time_start";
    public const string RunId = "_run_id";
    public const string ServerError = "_server_error";
    public const string ErrorCode = "_error_code";

    public static bool IsEngineOwned(string name) => name.Length > 0 && name[0] == '_' && name is
        ProgramFail or DependencyFail or RectifierFail or LastFailedProgram or Error or Traceback or Rectified
        or Unrectified or ProgramName or ProgramTimeStart or RunId or ServerError or ErrorCode;

    /// <summary>The type's name as specs write it.</summary>
    public static string ToSpecName(this SpecType type) => type switch
    {
        SpecType.String => "string",
        SpecType.Int => "int",
        SpecType.Float => "float",
        SpecType.Bool => "bool",
        SpecType.List => "list",
        _ => "dict",
    };

    /// <summary>The type that holds such values, as specs write it.</summary>
    public static string ToSpecName(this ValueKinds kinds) => kinds switch
    {
        ValueKinds.String => "string",
        ValueKinds.Int => "int",
        ValueKinds.Bool => "bool",
        ValueKinds.List => "list",
        ValueKinds.Dict => "dict",
        _ => "float",
    };
}
