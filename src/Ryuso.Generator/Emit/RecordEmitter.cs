using Ryuso.Spec.Model;

namespace Ryuso.Generator.Emit;

/// <summary>Args and outputs records: what is required is positional, what is optional is init-only with its default.</summary>
internal static class RecordEmitter
{
    /// <param name="record">The record's full name.</param>
    /// <param name="more">Writes what the record has beside its properties, which it gets; null for nothing.</param>
    public static void Emit(CodeWriter code, string kind, string record, string summary, IReadOnlyList<ArgModel> args, Action<IReadOnlyList<RecordMember>>? more = null)
    {
        string name = record.Substring(record.LastIndexOf('.') + 1);
        IReadOnlyList<RecordMember> all = ShapeEmitter.Members(record, args);
        List<RecordMember> optional = [.. all.Where(m => !IsPositional(m.Arg))];
        code.Member();
        code.DocXml("summary", summary);
        foreach (RecordMember member in all.Where(m => IsPositional(m.Arg)))
        {
            code.Doc($"param name=\"{member.Name}\"", member.Arg.Description ?? $"The {member.Arg.Type.ToString().ToLowerInvariant()} '{member.Arg.Name}'.");
        }

        code.Generated();
        string head = $"public {kind} {name}({string.Join(", ", all.Where(m => IsPositional(m.Arg)).Select(m => $"{ShapeEmitter.Type(m)} {m.Name}"))})";
        bool hasShapes = all.Any(m => m.Shape is not null);
        if (optional.Count == 0 && more is null && !hasShapes)
        {
            code.Line(head + ";");
            return;
        }

        code.Open(head);
        foreach (RecordMember member in optional)
        {
            code.Member();
            code.Doc("summary", member.Arg.Description ?? $"The {member.Arg.Type.ToString().ToLowerInvariant()} '{member.Arg.Name}'; optional.");
            string initial = member.Arg.Default is null ? "" : $" = {ShapeEmitter.Default(member)};";
            code.Line($"public {ShapeEmitter.Type(member)} {member.Name} {{ get; init; }}{initial}");
        }

        if (more is not null)
        {
            code.Member();
            more(all);
        }

        ShapeEmitter.EmitNested(code, all);
        code.Close();
    }

    /// <summary>A new record, given by its full name, whose members are given by expressions.</summary>
    public static string Construct(string record, IReadOnlyList<ArgModel> args, Func<RecordMember, string> value)
    {
        IReadOnlyList<RecordMember> members = ShapeEmitter.Members(record, args);
        string positional = string.Join(", ", members.Where(m => IsPositional(m.Arg)).Select(value));
        string optional = string.Join(", ", members.Where(m => !IsPositional(m.Arg)).Select(m => $"{m.Name} = {value(m)}"));
        return $"new {record}({positional}){(optional.Length > 0 ? $" {{ {optional} }}" : "")}";
    }

    private static bool IsPositional(ArgModel arg) => arg.Required && arg.Default is null;
}
