using Ryuso.Spec.Json;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Validation;

/// <summary>Reads <c>args</c> and <c>outputs</c>. Of what is wrong it takes the best guess, so that the types made from it stay whole.</summary>
internal sealed class ArgReader(ProblemList problems)
{
    private static readonly string[] s_types = ["string", "int", "float", "list", "dict", "bool"];

    private static readonly Dictionary<string, string> s_otherWords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["text"] = "string", ["integer"] = "int", ["long"] = "int", ["number"] = "float", ["double"] = "float", ["decimal"] = "float",
        ["boolean"] = "bool", ["array"] = "list", ["tuple"] = "list", ["object"] = "dict", ["dictionary"] = "dict", ["map"] = "dict",
    };

    public EquatableArray<ArgModel> Read(SpecProperty? dict, string path, bool mayBeEngineOwned)
    {
        List<ArgModel> args = [];
        foreach (SpecProperty property in Names.Usable(problems, dict?.Value, path))
        {
            string at = ProblemList.Member(path, property.Name);
            if (!mayBeEngineOwned && ReservedNames.Contains(property.Name))
            {
                problems.Add(ProblemCodes.EngineOwned, property.Key, at, $"'{property.Name}' belongs to the engine, which alone sets it. Write another name, such as '{property.Name.TrimStart('_')}'.");
            }

            if (property.Value.Kind == JsonKind.Dict)
            {
                args.Add(ReadOne(property, at));
            }
            else
            {
                string type = property.Value.Kind == JsonKind.String && TypeNamed(property.Value.Text) is not null ? property.Value.Text : "string";
                problems.Add(ProblemCodes.WrongType, property.Value.Range, at,
                    $"Must be a dictionary, not {property.Value.KindName}. Write {{ \"type\": \"{type}\", \"required\": true }}.");
                args.Add(new ArgModel(property.Name, TypeNamed(type) ?? SpecType.String, null, null, Required: true));
            }
        }

        return new(args);
    }

    private ArgModel ReadOne(SpecProperty property, string path)
    {
        var dict = new DictReader(problems, property.Value, property.Key, path, "an arg", "type", "description", "default", "required");
        (SpecType type, bool isGuess) = Type(dict);
        SpecNode? value = dict.Find("default")?.Value is { Kind: not JsonKind.Null } given ? given : null;
        bool fits = value is not null && Fits(value, type);
        if (value is not null && !fits && !isGuess)
        {
            problems.Add(ProblemCodes.BadDefault, value.Range, dict.At("default"),
                $"The type is {SpecTypes.NameOf(type)}: this must be {Describe(type)}, not {Found(value)}. Write {Example(value, type)}, for example, or change the type.");
        }

        return new ArgModel(
            property.Name,
            type,
            dict.Text("description"),
            fits ? value!.ToJson() : null,
            dict.Bool("required", required: "true") ?? value is null);
    }

    private (SpecType Type, bool IsGuess) Type(DictReader dict)
    {
        string? written = dict.Text("type", required: "\"string\"");
        if (written is not null && TypeNamed(written) is { } known)
        {
            return (known, false);
        }

        string? nearest = written is null ? null : s_otherWords.TryGetValue(written, out string meant) ? meant : NearestName.Find(written, s_types);
        if (written is not null)
        {
            SpecProperty property = dict.Find("type")!;
            string remedy = nearest is null ? "Write" : $"Did you mean '{nearest}'? The types are";
            problems.Add(ProblemCodes.WrongType, property.Value.Range, dict.At(property.Name), $"'{ProblemList.Show(written)}' is no type. {remedy} {string.Join(", ", s_types, 0, 5)} or bool.");
        }

        return (nearest is null ? Of(dict.Find("default")?.Value) : TypeNamed(nearest)!.Value, true);
    }

    /// <summary>The type that an arg names; null where it names none.</summary>
    public static SpecType? TypeOf(SpecNode arg) => arg.Find("type") is { Kind: JsonKind.String } type ? TypeNamed(type.Text) : null;

    private static SpecType? TypeNamed(string name) => name switch
    {
        "string" or "str" => SpecType.String,
        "int" => SpecType.Int,
        "float" => SpecType.Float,
        "list" => SpecType.List,
        "dict" => SpecType.Dict,
        "bool" => SpecType.Bool,
        _ => null,
    };

    private static SpecType Of(SpecNode? value) => value?.Kind switch
    {
        JsonKind.Bool => SpecType.Bool,
        JsonKind.Number => NumberSyntax.IsInt(value.Text) ? SpecType.Int : SpecType.Float,
        JsonKind.List => SpecType.List,
        JsonKind.Dict => SpecType.Dict,
        _ => SpecType.String,
    };

    private static bool Fits(SpecNode value, SpecType type) => type switch
    {
        SpecType.String => value.Kind == JsonKind.String,
        SpecType.Int => value.Kind == JsonKind.Number && NumberSyntax.IsInt(value.Text),
        SpecType.Float => value.Kind == JsonKind.Number && NumberSyntax.IsFinite(value.Text),
        SpecType.Bool => value.Kind == JsonKind.Bool,
        SpecType.List => value.Kind == JsonKind.List,
        _ => value.Kind == JsonKind.Dict,
    };

    private static string Found(SpecNode value) =>
        value.Kind is JsonKind.Number or JsonKind.String ? $"the {value.KindName.Substring(2)} {ProblemList.Show(value.ToJson())}" : value.KindName;

    private static string Describe(SpecType type) => type switch
    {
        SpecType.String => "a string",
        SpecType.Int => "an integer within 64 bits, without fraction or exponent",
        SpecType.Float => "a number within the range of a double",
        SpecType.Bool => "true or false",
        SpecType.List => "a list",
        _ => "a dictionary",
    };

    private static string Example(SpecNode value, SpecType type) => type switch
    {
        SpecType.String => value.Kind is JsonKind.Number or JsonKind.Bool ? $"\"{ProblemList.Show(value.Text)}\"" : "\"\"",
        SpecType.Int => value.Kind == JsonKind.String && NumberSyntax.IsInt(value.Text) ? ProblemList.Show(value.Text) : "0",
        SpecType.Float => value.Kind == JsonKind.String && NumberSyntax.IsNumber(value.Text) && NumberSyntax.IsFinite(value.Text) ? ProblemList.Show(value.Text) : "0.0",
        SpecType.Bool => value.Kind == JsonKind.String && value.Text == "true" ? "true" : "false",
        SpecType.List => "[]",
        _ => "{}",
    };
}
