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
        RecordEmitter.Emit(code, "sealed record", $"global::{space}.{Args(program)}", $"The arguments of {name}{Description(program)}", program.Args, members => EmitToPool(code, members));
        RecordEmitter.Emit(code, "sealed record", $"global::{space}.{Outputs(program)}", $"The outputs of {name}{Description(program)}", program.Outputs, _ => EmitFromAnswer(code, $"global::{space}.{Outputs(program)}", program));
        return code.ToSourceText();
    }

    private static void EmitToPool(CodeWriter code, IReadOnlyList<RecordMember> members)
    {
        string head = $"internal {CSharp.JsonObject} {ToPool}() => new()";
        if (members.Count == 0)
        {
            code.Line(head + ";");
            return;
        }

        code.Open(head);
        foreach (RecordMember member in members)
        {
            code.Line($"[{CSharp.Text(member.Arg.Name)}] = {ShapeEmitter.Write(member.Arg, member.Name)},");
        }

        code.Close(";");
    }

    private static void EmitFromAnswer(CodeWriter code, string record, ProgramModel program)
    {
        code.Line($"internal static {Outputs(program)} {FromAnswer}({CSharp.JsonObject} answer) =>");
        int number = 0;
        code.Indented(() => code.Line(RecordEmitter.Construct(record, program.Outputs, m => Given(m, number++)) + ";"));
    }

    private static string Given(RecordMember output, int number)
    {
        string json = $"answer[{CSharp.Text(output.Arg.Name)}]";
        return ShapeEmitter.IsTyped(output.Arg)
            ? ShapeEmitter.Read(output, json, $"value{number}")
            : $"({CSharp.Type(output.Arg)}){json}{(CSharp.IsNullable(output.Arg) ? "" : "!")}";
    }

    private static string Description(ProgramModel program) => program.Description is null ? "." : ": " + Xml.Escape(program.Description);
}
