using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Emit;

/// <summary>A member of a record: its property, and the record of the dict that it is or that its elements are, by its full name; null where there is none.</summary>
internal sealed record RecordMember(ArgModel Arg, string Name, string? Shape);

/// <summary>
/// Lists with <c>items</c> and dicts with <c>fields</c> as C#. The record of a dict stands within the record that has it, so that its name can clash
/// with that record's members alone: <c>OrderArgs.LinesItem</c>, <c>OrderArgs.AddressFields</c>.
/// </summary>
internal static class ShapeEmitter
{
    /// <summary>The method of a dict's record that makes its JSON.</summary>
    public const string ToJson = "ToJson";

    /// <summary>The method of a dict's record that reads its JSON.</summary>
    public const string FromJson = "FromJson";

    private const string Values = "global::Ryuso.Definitions.TypedValues";

    /// <summary>Whether C# has a type of its own for it. A dict of which the spec names no field stays JSON.</summary>
    public static bool IsTyped(ArgModel arg) => arg switch
    {
        { Type: SpecType.List } => arg.Items is not null,
        { Type: SpecType.Dict, Fields: { } fields } => fields.Count > 0,
        _ => false,
    };

    /// <summary>The members of a record, whose full name is given.</summary>
    public static IReadOnlyList<RecordMember> Members(string record, IReadOnlyList<ArgModel> args)
    {
        string simple = record.Substring(record.LastIndexOf('.') + 1);
        IReadOnlyList<string> names = MemberNames.OfRecord(args.Select(a => a.Name), simple);
        HashSet<string> taken = [.. names, .. MemberNames.OfEveryRecord, simple];
        List<RecordMember> members = [];
        foreach ((ArgModel arg, string name) in args.Zip(names, (a, n) => (a, n)))
        {
            string? shape = null;
            if (Dict(arg) is not null)
            {
                string first = name + (arg.Type == SpecType.List ? "Item" : "Fields");
                shape = first;
                for (int number = 2; !taken.Add(shape); number++)
                {
                    shape = first + number;
                }
            }

            members.Add(new RecordMember(arg, name, shape is null ? null : $"{record}.{shape}"));
        }

        return members;
    }

    /// <summary>A member's type, without the mark of what may be null.</summary>
    public static string Type(ArgModel arg, string? shape) => !IsTyped(arg) ? CSharp.Type(arg.Type)
        : arg.Items is { } items ? $"global::System.Collections.Generic.IReadOnlyList<{Type(items, shape)}>"
        : shape!;

    public static string Type(RecordMember member) => Type(member.Arg, member.Shape) + (CSharp.IsNullable(member.Arg) ? "?" : "");

    /// <summary>A default as an expression, read anew each time: what is in it can be changed.</summary>
    public static string Default(RecordMember member) => IsTyped(member.Arg)
        ? Read(member.Arg, member.Shape, $"{CSharp.JsonNode}.Parse({CSharp.Text(member.Arg.Default)})", member.Arg.Name)
        : CSharp.Default(member.Arg);

    /// <summary>Reads a member from an expression that is JSON or null.</summary>
    /// <param name="member">The member.</param>
    /// <param name="json">The expression.</param>
    /// <param name="local">A name that is free in the expression's scope.</param>
    public static string Read(RecordMember member, string json, string local) => member.Arg switch
    {
        { Default: null, Required: true } => Read(member.Arg, member.Shape, json, member.Arg.Name),
        { Default: null } => $"{json} is {{ }} {local} ? {Read(member.Arg, member.Shape, local, member.Arg.Name)} : ({Type(member)})null",
        _ => $"{json} is {{ }} {local} ? {Read(member.Arg, member.Shape, local, member.Arg.Name)} : {Default(member)}",
    };

    /// <summary>Makes JSON that is nobody's yet from an expression.</summary>
    public static string Write(ArgModel arg, string value) =>
        !IsTyped(arg) ? arg.Type is SpecType.List or SpecType.Dict ? value + "?.DeepClone()" : value
        : arg.Items is { } items ? $"{Values}.WriteList({value}, static item => {Write(items, "item")})"
        : $"{value}?.{ToJson}()";

    /// <summary>What a hook gives, held against what JSON can be.</summary>
    public static string Checked(string json, string name) => $"{Values}.Checked({json}, {CSharp.Text(name)})";

    /// <summary>The records of the dicts within a record.</summary>
    public static void EmitNested(CodeWriter code, IReadOnlyList<RecordMember> members)
    {
        foreach (RecordMember member in members.Where(m => m.Shape is not null))
        {
            string record = member.Shape!;
            string what = member.Arg.Type == SpecType.List ? "An element" : "What is in the dict";
            IReadOnlyList<ArgModel> fields = [.. Dict(member.Arg)!];
            RecordEmitter.Emit(
                code, "sealed record", record, $"{what}{(member.Arg.Type == SpecType.List ? " of" : "")} <c>{Xml.Escape(member.Arg.Name)}</c>.", fields, all => EmitJson(code, record, fields, all));
        }
    }

    private static void EmitJson(CodeWriter code, string record, IReadOnlyList<ArgModel> fields, IReadOnlyList<RecordMember> members)
    {
        code.Open($"internal {CSharp.JsonObject} {ToJson}() => new()");
        foreach (RecordMember member in members)
        {
            code.Line($"[{CSharp.Text(member.Arg.Name)}] = {Write(member.Arg, member.Name)},");
        }

        code.Close(";");
        code.Member();
        code.Line($"internal static {record} {FromJson}({CSharp.JsonObject} json) =>");
        int number = 0;
        code.Indented(() => code.Line(RecordEmitter.Construct(record, fields, m => Read(m, $"json[{CSharp.Text(m.Arg.Name)}]", $"value{number++}")) + ";"));
    }

    private static string Read(ArgModel arg, string? shape, string json, string name)
    {
        string rest = $"({json}, {CSharp.Text(name)}";
        return arg switch
        {
            { Type: SpecType.List, Items: { } items } => $"{Values}.ReadList{rest}, static item => {Read(items, shape, "item", name)})",
            { Type: SpecType.Dict } when IsTyped(arg) => $"{shape}.{FromJson}({Values}.ReadDict{rest}))",
            _ => $"{Values}.Read{arg.Type}{rest})",
        };
    }

    /// <summary>The fields of the dict that it is or that its elements are; null where there is none.</summary>
    private static IEnumerable<ArgModel>? Dict(ArgModel arg) => !IsTyped(arg) ? null : arg.Items is { } items ? Dict(items) : arg.Fields;
}
