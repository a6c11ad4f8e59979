using System.Text;
using Ryuso.Spec.Json;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Validation;

/// <summary>Reads <c>program.key</c> and <c>program.when_stuck</c>.</summary>
internal sealed class KeyReader(ProblemList problems)
{
    /// <summary>Keys that one run may hold.</summary>
    public const int MaxKeys = 64;

    /// <summary>Bytes of UTF-8 that one key may have.</summary>
    public const int MaxKeyBytes = 512;

    private const string Hold = "hold";
    private const string GoOn = "go_on";
    private static readonly string[] s_whenStuck = [Hold, GoOn];

    /// <summary>The names in the program's key; null where it has none.</summary>
    public EquatableArray<string>? Key(DictReader dict, EquatableArray<ArgModel> args)
    {
        if (dict.Find("key") is not { Value: { Kind: not JsonKind.Null } value } property)
        {
            return null;
        }

        string path = dict.At(property.Name);
        if (value.Kind is not JsonKind.String and not JsonKind.List)
        {
            problems.Add(ProblemCodes.WrongType, value.Range, path,
                $"Must be the name of an argument or a list of names, not {value.KindName}. Write {Example(args)}, for example, or [] for a program that holds nothing.");
            return default(EquatableArray<string>);
        }

        if (value.Items.Count > MaxKeys)
        {
            problems.Add(ProblemCodes.OutOfRange, value.Range, path, $"Must name at most {MaxKeys} arguments, not {value.Items.Count}. Pass what the program works on as one argument of type list.");
        }

        List<string> names = [];
        SpecProperty? section = dict.Find("args");
        bool isOne = value.Kind == JsonKind.String;
        int index = 0;
        foreach (SpecNode item in isOne ? [value] : value.Items)
        {
            string at = isOne ? path : $"{path}[{index++}]";
            if (item.Kind != JsonKind.String)
            {
                problems.Add(ProblemCodes.WrongType, item.Range, at, $"Must be the name of an argument, not {item.KindName}. Write {Example(args)}, for example.");
            }
            else if (names.Contains(item.Text))
            {
                problems.Add(ProblemCodes.KeyNotArgument, item.Range, at, $"The key names '{ProblemList.Show(item.Text)}' twice. Remove one of the two.");
            }
            else if (IsArgument(item, at, section, args))
            {
                names.Add(item.Text);
            }
        }

        return new(names);
    }

    /// <summary>Whether the keys of a stuck run are held: as the program says, else where it has a key.</summary>
    public bool IsHeldWhenStuck(DictReader dict, EquatableArray<string>? key)
    {
        if (dict.Find("when_stuck") is not { Value: { Kind: not JsonKind.Null } value } property)
        {
            return key is not null;
        }

        string? written = value.Kind == JsonKind.String ? value.Text : null;
        if (written is not Hold and not GoOn)
        {
            string found = written is null
                ? $"Must be a string, not {value.KindName}."
                : $"'{ProblemList.Show(written)}' is no value of when_stuck.{problems.Suggest(written, s_whenStuck)}";
            problems.Add(ProblemCodes.WrongType, value.Range, dict.At(property.Name), $"{found} Write \"{Hold}\" or \"{GoOn}\".");
        }

        return written != GoOn && key is not null;
    }

    private bool IsArgument(SpecNode item, string at, SpecProperty? section, EquatableArray<ArgModel> args)
    {
        // What is wrong with the arguments themselves is reported there.
        if (section is not { Value: { Kind: JsonKind.Dict, LostMembers: false } given })
        {
            return false;
        }

        ArgModel? arg = args.FirstOrDefault(a => a.Name == item.Text);
        if (arg is null)
        {
            if (given.FindProperty(item.Text) is null)
            {
                string near = problems.Suggest(item.Text, args.Select(a => a.Name));
                problems.Add(ProblemCodes.KeyNotArgument, item.Range, at,
                    $"'{ProblemList.Show(item.Text)}' is no argument of this program.{near} {(near.Length > 0 ? "Write the name of an argument, or add" : "Add")} it to \"args\", required and of type string, int or list.");
            }

            return false;
        }

        SpecProperty property = given.FindProperty(arg.Name)!;
        if (ArgReader.TypeOf(property.Value) is not { } type)
        {
            return true;
        }

        if (type is SpecType.Float or SpecType.Bool or SpecType.Dict)
        {
            problems.Add(ProblemCodes.KeyOfWrongType, item.Range, at,
                $"'{arg.Name}' is of type {SpecTypes.NameOf(type)}, which cannot be a key. A key is a string, an int or a list of these. Name another argument, or change its type.", related: property.Key);
        }
        else if (type == SpecType.List && arg.Items is { Type: not SpecType.String and not SpecType.Int } items)
        {
            problems.Add(ProblemCodes.KeyOfWrongType, item.Range, at,
                $"'{arg.Name}' is a list of {SpecTypes.NameOf(items.Type)}, which cannot be keys. A key is a string, an int or a list of these. Name another argument, or change its items.", related: property.Key);
        }
        else if (!arg.Required && arg.Default is null)
        {
            problems.Add(ProblemCodes.KeyMayBeAbsent, item.Range, at,
                $"'{arg.Name}' is a key and may be absent. Write \"required\": true at the argument, or give it a default.", related: property.Key);
        }
        else if (arg.Default is not null && property.Value.Find("default") is { } value && !CanBeKey(value))
        {
            problems.Add(ProblemCodes.KeyOfWrongType, item.Range, at,
                $"The default of '{arg.Name}' cannot be a key. A key is an int, or a string of 1 to {MaxKeyBytes} bytes, or a list of 1 to {MaxKeys} of these. Write another default, or make the argument required.", related: value.Range);
        }

        return true;
    }

    private static bool CanBeKey(SpecNode value) => value.Kind switch
    {
        JsonKind.String => Encoding.UTF8.GetByteCount(value.Text) is > 0 and <= MaxKeyBytes,
        JsonKind.Number => NumberSyntax.IsInt(value.Text),
        JsonKind.List => value.Items.Count is > 0 and <= MaxKeys && value.Items.TrueForAll(item => item.Kind != JsonKind.List && CanBeKey(item)),
        _ => false,
    };

    private static string Example(EquatableArray<ArgModel> args) => $"[\"{args.FirstOrDefault(a => a.Type is SpecType.String or SpecType.Int)?.Name ?? "account"}\"]";
}
