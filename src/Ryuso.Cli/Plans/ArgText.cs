using Ryuso.Spec.Model;

namespace Ryuso.Cli.Plans;

/// <summary>Arguments and outputs for people: <c>amount int</c>, <c>note string = ""</c>, <c>limit int?</c>.</summary>
internal static class ArgText
{
    public static string Of(IReadOnlyCollection<ArgModel> args) => args.Count == 0 ? "nothing" : string.Join(", ", args.Select(Of));

    public static string Of(ArgModel arg) => arg switch
    {
        { Default: { } value } => $"{arg.Name} {Type(arg.Type)} = {value}",
        { Required: true } => $"{arg.Name} {Type(arg.Type)}",
        _ => $"{arg.Name} {Type(arg.Type)}?",
    };

    /// <summary>What a run of the program holds: <c>from, to</c>; null where no program of the spec has a key.</summary>
    public static string? Held(IEnumerable<ProgramModel> programs, ProgramModel program) => program.Key switch
    {
        null => programs.Any(p => p.Key is not null) ? "everything: it runs alone" : null,
        { Count: 0 } => "nothing: it runs beside any other but those that run alone",
        { } key => string.Join(", ", key) + (program.IsHeldWhenStuck ? "" : " (not when stuck)"),
    };

    public static string Type(SpecType type) => SpecTypes.NameOf(type);
}
