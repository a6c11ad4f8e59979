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

    public static string Type(SpecType type) => type switch
    {
        SpecType.String => "string",
        SpecType.Int => "int",
        SpecType.Float => "float",
        SpecType.Bool => "bool",
        SpecType.List => "list",
        _ => "dict",
    };
}
