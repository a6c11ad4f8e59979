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
        ["text"] = "string", ["integer"] = "int", ["long"] = "int", ["number"] = "float", ["double"] = "float",
        ["decimal"] = "int", ["money"] = "int", ["currency"] = "int",
        ["boolean"] = "bool", ["array"] = "list", ["tuple"] = "list", ["object"] = "dict", ["dictionary"] = "dict", ["map"] = "dict",
    };

    /// <summary>What no double holds exactly.</summary>
    private static readonly HashSet<string> s_amounts = new(["decimal", "money", "currency"], StringComparer.OrdinalIgnoreCase);

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
        var dict = new DictReader(problems, property.Value, property.Key, path, "an arg", "type", "description", "default", "required", "items", "fields");
        (SpecType type, bool isGuess) = Type(dict);
        SpecNode? value = dict.Find("default")?.Value is { Kind: not JsonKind.Null } given ? given : null;
        var arg = new ArgModel(property.Name, type, dict.Text("description"), null, dict.Bool("required", required: "true") ?? value is null)
        {
            Items = Items(dict, type, isGuess),
            Fields = Fields(dict, type, isGuess),
        };
        bool fits = value is not null && (isGuess ? Fits(value, type) : FitsDefault(value, arg, dict.At("default")));
        return fits ? arg with { Default = value!.ToJson() } : arg;
    }

    /// <summary>What the elements of a list are: the name of a type, or the fields of a dict.</summary>
    private ArgModel? Items(DictReader dict, SpecType type, bool isGuess)
    {
        if (Shape(dict, "items", SpecType.List, type, isGuess) is not { } property)
        {
            return null;
        }

        string path = dict.At(property.Name);
        switch (property.Value.Kind)
        {
            case JsonKind.Dict:
                return new ArgModel("", SpecType.Dict, null, null, Required: true) { Fields = Read(property, path, mayBeEngineOwned: true) };
            case JsonKind.String when TypeNamed(property.Value.Text) is { } known:
                return new ArgModel("", known, null, null, Required: true);
            case JsonKind.String:
                ReportNoType(property.Value, path, property.Value.Text, Meant(property.Value.Text));
                return null;
            default:
                problems.Add(ProblemCodes.WrongType, property.Value.Range, path,
                    $"Must be the name of a type or a dictionary of fields, not {property.Value.KindName}. Write \"string\", or {{ \"name\": {{ \"type\": \"string\", \"required\": true }} }}.");
                return null;
        }
    }

    private EquatableArray<ArgModel>? Fields(DictReader dict, SpecType type, bool isGuess) =>
        Shape(dict, "fields", SpecType.Dict, type, isGuess) is not null && dict.Dict("fields") is { } fields
            ? Read(fields, dict.At(fields.Name), mayBeEngineOwned: true)
            : null;

    private SpecProperty? Shape(DictReader dict, string key, SpecType owner, SpecType type, bool isGuess)
    {
        SpecProperty? property = dict.Find(key) is { Value.Kind: not JsonKind.Null } given ? given : null;
        if (property is null || type == owner)
        {
            return property;
        }

        // Of a guessed type nothing more is said: what the author meant is not known.
        if (!isGuess)
        {
            problems.Add(ProblemCodes.ShapeOfOtherType, property.Key, dict.At(property.Name),
                $"Only a {SpecTypes.NameOf(owner)} has {key}, and the type is {SpecTypes.NameOf(type)}. Write \"type\": \"{SpecTypes.NameOf(owner)}\", or remove the {key}.");
        }

        return null;
    }

    /// <summary>Whether a default, or a part of one, is what the spec says; each part that is not is reported at its own place.</summary>
    private bool FitsDefault(SpecNode value, ArgModel arg, string path)
    {
        if (!Fits(value, arg.Type))
        {
            problems.Add(ProblemCodes.BadDefault, value.Range, path,
                $"The type is {SpecTypes.NameOf(arg.Type)}: this must be {Describe(arg.Type)}, not {Found(value)}. Write {Example(value, arg.Type)}, for example, or change the type.");
            return false;
        }

        bool fits = true;
        if (arg.Items is not null)
        {
            for (int index = 0; index < value.Items.Count; index++)
            {
                fits &= FitsDefault(value.Items[index], arg.Items, $"{path}[{index}]");
            }
        }

        foreach (ArgModel field in arg.Fields ?? default)
        {
            if (value.Find(field.Name) is { Kind: not JsonKind.Null } part)
            {
                fits &= FitsDefault(part, field, ProblemList.Member(path, field.Name));
            }
            else if (field.Required && field.Default is null)
            {
                problems.Add(ProblemCodes.BadDefault, value.Range, ProblemList.Member(path, field.Name),
                    $"Is required and missing. Add \"{field.Name}\" of type {SpecTypes.NameOf(field.Type)}, or write \"required\": false at the field.");
                fits = false;
            }
        }

        return fits;
    }

    private (SpecType Type, bool IsGuess) Type(DictReader dict)
    {
        string? written = dict.Text("type", required: "\"string\"");
        if (written is not null && TypeNamed(written) is { } known)
        {
            return (known, false);
        }

        string? nearest = written is null ? null : Meant(written);
        if (written is not null)
        {
            SpecProperty property = dict.Find("type")!;
            ReportNoType(property.Value, dict.At(property.Name), written, nearest);
        }

        return (nearest is null ? Of(dict.Find("default")?.Value) : TypeNamed(nearest)!.Value, true);
    }

    private static string? Meant(string written) => s_otherWords.TryGetValue(written, out string meant) ? meant : NearestName.Find(written, s_types);

    private void ReportNoType(SpecNode value, string path, string written, string? nearest)
    {
        string money = s_amounts.Contains(written) ? " Count it in its smallest unit, such as cents." : "";
        string remedy = nearest is null ? "Write" : $"Did you mean '{nearest}'?{money} The types are";
        problems.Add(ProblemCodes.WrongType, value.Range, path, $"'{ProblemList.Show(written)}' is no type. {remedy} {string.Join(", ", s_types, 0, 5)} or bool.");
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
