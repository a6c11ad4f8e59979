using Microsoft.CodeAnalysis.Text;
using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Emit;

/// <summary>The args and outputs records of one program, and their ways into a request's pool and out of an answer.</summary>
internal static class ProgramEmitter
{
    public static string Args(ProgramModel program) => SpecNaming.ToPascalCase(program.Name) + "Args";

    public static string Outputs(ProgramModel program) => SpecNaming.ToPascalCase(program.Name) + "Outputs";

    /// <summary>The method of an args record that makes a request's pool.</summary>
    public const string ToPool = "ToPool";

    /// <summary>The method of an outputs record that reads an answer.</summary>
    public const string FromAnswer = "FromAnswer";

    public static SourceText Emit(string space, ProgramModel program)
    {
        var code = new CodeWriter(space);
        string name = $"<c>programs.{Xml.Escape(program.Name)}</c>";
        RecordEmitter.Emit(code, "sealed record", Args(program), $"The arguments of {name}{Description(program)}", program.Args, names => EmitToPool(code, program, names));
        RecordEmitter.Emit(code, "sealed record", Outputs(program), $"The outputs of {name}{Description(program)}", program.Outputs, _ => EmitFromAnswer(code, program));
        return code.ToSourceText();
    }

    private static void EmitToPool(CodeWriter code, ProgramModel program, IReadOnlyList<string> names)
    {
        string head = $"internal {CSharp.JsonObject} {ToPool}() => new()";
        if (names.Count == 0)
        {
            code.Line(head + ";");
            return;
        }

        code.Open(head);
        foreach ((ArgModel arg, string name) in program.Args.Zip(names, (a, n) => (a, n)))
        {
            code.Line($"[{CSharp.Text(arg.Name)}] = {name}{(arg.Type is SpecType.List or SpecType.Dict ? "?.DeepClone()" : "")},");
        }

        code.Close(";");
    }

    private static void EmitFromAnswer(CodeWriter code, ProgramModel program)
    {
        string record = Outputs(program);
        code.Line($"internal static {record} {FromAnswer}({CSharp.JsonObject} answer) =>");
        code.Indented(() => code.Line(RecordEmitter.Construct(record, record, program.Outputs, Given) + ";"));
    }

    private static string Given(ArgModel output) =>
        $"({CSharp.Type(output)})answer[{CSharp.Text(output.Name)}]{(CSharp.IsNullable(output) ? "" : "!")}";

    private static string Description(ProgramModel program) => program.Description is null ? "." : ": " + Xml.Escape(program.Description);
}
