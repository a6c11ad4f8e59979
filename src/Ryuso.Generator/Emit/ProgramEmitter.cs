using Microsoft.CodeAnalysis.Text;
using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Emit;

/// <summary>The args and outputs records of one program.</summary>
internal static class ProgramEmitter
{
    public static string Args(ProgramModel program) => SpecNaming.ToPascalCase(program.Name) + "Args";

    public static string Outputs(ProgramModel program) => SpecNaming.ToPascalCase(program.Name) + "Outputs";

    public static SourceText Emit(string space, ProgramModel program)
    {
        var code = new CodeWriter(space);
        string name = $"<c>programs.{Xml.Escape(program.Name)}</c>";
        RecordEmitter.Emit(code, "sealed record", Args(program), $"The arguments of {name}{Description(program)}", program.Args);
        RecordEmitter.Emit(code, "sealed record", Outputs(program), $"The outputs of {name}{Description(program)}", program.Outputs);
        return code.ToSourceText();
    }

    private static string Description(ProgramModel program) => program.Description is null ? "." : ": " + Xml.Escape(program.Description);
}
