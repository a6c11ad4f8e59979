using Ryuso.Spec.Json;
using Ryuso.Spec.Model;

namespace Ryuso.Spec.Validation;

/// <summary>Reads <c>args</c> and <c>outputs</c>.</summary>
internal sealed class ArgReader(ProblemList problems)
{
    private static readonly string[] s_types = ["string", "int", "float", "list", "dict", "bool"];

    private static readonly HashSet<string> s_engineOwned =
    [
        "_program_fail", "_dependency_fail", "_rectifier_fail", "_last_failed_program", "_error", "_traceback", "_rectified",
        "_unrectified", "_program_name", "_program_time_start", "_run_id", "_server_error", "_error_code",
    ];

    public EquatableArray<ArgModel> Read(SpecNode? node, string path, bool mayBeEngineOwned)
    {
        List<ArgModel> args = [];
        foreach (SpecProperty property in node?.Properties ?? [])
        {
            string at = path + "." + property.Name;
            if (!mayBeEngineOwned && s_engineOwned.Contains(property.Name))
            {
                problems.Add(ProblemCodes.EngineOwned, property, at, $"The engine owns the variable '{property.Name}' ({at}). Choose another name.");
            }

            if (property.Value.Kind != JsonKind.Dict)
            {
                problems.Add(ProblemCodes.WrongType, property.Value, at, $"'{at}' must be a dictionary with \"type\" and \"required\", not {property.Value.KindName}.");
                continue;
            }

            args.Add(ReadOne(property, at));
        }

        Names.Check(problems, node, path);
        return new(args);
    }

    private ArgModel ReadOne(SpecProperty property, string path)
    {
        var dict = new DictReader(problems, property.Value, path, "type", "description", "default", "required");
        ArgType? type = Type(dict, property.Value);
        SpecNode? value = property.Value.Find("default");
        if (value is not null && value.Kind != JsonKind.Null && type is { } known && !Fits(value, known))
        {
            problems.Add(ProblemCodes.BadDefault, value, path + ".default",
                $"The default of '{path}' must be {Describe(known)} but is {value.KindName}{(value.Kind == JsonKind.Number ? " " + value.Text : "")}.");
        }

        return new ArgModel(
            property.Name,
            type ?? ArgType.String,
            dict.Text("description"),
            value is null || value.Kind == JsonKind.Null ? null : value.ToJson(),
            dict.Bool("required", required: true) ?? false);
    }

    private ArgType? Type(DictReader dict, SpecNode node)
    {
        switch (dict.Text("type", required: true))
        {
            case null: return null;
            case "string" or "str": return ArgType.String;
            case "int": return ArgType.Int;
            case "float": return ArgType.Float;
            case "list": return ArgType.List;
            case "dict": return ArgType.Dict;
            case "bool": return ArgType.Bool;
            case { } other:
                problems.Add(ProblemCodes.WrongType, node.Find("type")!, dict.At("type"),
                    $"'{other}' is not a type ({dict.At("type")}).{NearestName.DidYouMean(other, s_types)} Types: {string.Join(", ", s_types)}.");
                return null;
        }
    }

    private static bool Fits(SpecNode value, ArgType type) => type switch
    {
        ArgType.String => value.Kind == JsonKind.String,
        ArgType.Int => value.Kind == JsonKind.Number && NumberSyntax.IsInt(value.Text),
        ArgType.Float => value.Kind == JsonKind.Number && NumberSyntax.IsFinite(value.Text),
        ArgType.Bool => value.Kind == JsonKind.Bool,
        ArgType.List => value.Kind == JsonKind.List,
        _ => value.Kind == JsonKind.Dict,
    };

    private static string Describe(ArgType type) => type switch
    {
        ArgType.String => "a string",
        ArgType.Int => "an integer within 64 bits, without fraction or exponent",
        ArgType.Float => "a number",
        ArgType.Bool => "true or false",
        ArgType.List => "a list",
        _ => "a dictionary",
    };
}
