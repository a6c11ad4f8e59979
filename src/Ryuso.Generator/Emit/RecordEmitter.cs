using Ryuso.Spec.Model;

namespace Ryuso.Generator.Emit;

/// <summary>Args and outputs records: what is required is positional, what is optional is init-only with its default.</summary>
internal static class RecordEmitter
{
    /// <param name="more">Writes what the record has beside its properties, whose names it gets; null for nothing.</param>
    public static void Emit(CodeWriter code, string kind, string name, string summary, IReadOnlyList<ArgModel> members, Action<IReadOnlyList<string>>? more = null)
    {
        IReadOnlyList<string> names = MemberNames.OfRecord(members.Select(m => m.Name), name);
        List<(ArgModel Arg, string Name)> all = [.. members.Zip(names, (arg, property) => (arg, property))];
        List<(ArgModel Arg, string Name)> optional = [.. all.Where(m => !IsPositional(m.Arg))];
        code.Member();
        code.DocXml("summary", summary);
        foreach ((ArgModel arg, string property) in all.Where(m => IsPositional(m.Arg)))
        {
            code.Doc($"param name=\"{property}\"", arg.Description ?? $"The {arg.Type.ToString().ToLowerInvariant()} '{arg.Name}'.");
        }

        code.Generated();
        string head = $"public {kind} {name}({string.Join(", ", all.Where(m => IsPositional(m.Arg)).Select(m => $"{CSharp.Type(m.Arg)} {m.Name}"))})";
        if (optional.Count == 0 && more is null)
        {
            code.Line(head + ";");
            return;
        }

        code.Open(head);
        foreach ((ArgModel arg, string property) in optional)
        {
            code.Member();
            code.Doc("summary", arg.Description ?? $"The {arg.Type.ToString().ToLowerInvariant()} '{arg.Name}'; optional.");
            code.Line($"public {CSharp.Type(arg)} {property} {{ get; init; }}{(arg.Default is null ? "" : $" = {CSharp.Default(arg)};")}");
        }

        if (more is not null)
        {
            code.Member();
            more(names);
        }

        code.Close();
    }

    /// <summary>A new record whose members are given by expressions.</summary>
    public static string Construct(string record, string type, IReadOnlyList<ArgModel> members, Func<ArgModel, string> value)
    {
        IReadOnlyList<string> names = MemberNames.OfRecord(members.Select(m => m.Name), record);
        string positional = string.Join(", ", members.Where(IsPositional).Select(value));
        string optional = string.Join(", ", members.Zip(names, (arg, property) => (arg, property))
            .Where(m => !IsPositional(m.arg)).Select(m => $"{m.property} = {value(m.arg)}"));
        return $"new {type}({positional}){(optional.Length > 0 ? $" {{ {optional} }}" : "")}";
    }

    private static bool IsPositional(ArgModel arg) => arg.Required && arg.Default is null;
}
