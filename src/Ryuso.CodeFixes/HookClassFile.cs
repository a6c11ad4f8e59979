using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Ryuso.Generator.Diagnostics;

namespace Ryuso.CodeFixes;

/// <summary>The file of a hook class that does not exist yet.</summary>
internal static class HookClassFile
{
    /// <summary>Adds it in folders named like the namespaces below the spec's own.</summary>
    public static Solution AddTo(Project project, HookFix fix)
    {
        CompilationUnitSyntax file = SyntaxFactory.ParseCompilationUnit(
            $"using Ryuso;\n\nnamespace {fix.Namespace};\n\n/// <summary>Hooks of the spec.</summary>\npublic sealed partial class {fix.Class}\n{{\n}}\n");
        TypeDeclarationSyntax type = file.DescendantNodes().OfType<TypeDeclarationSyntax>().Single();
        return project.AddDocument(fix.Class + ".cs", file.ReplaceNode(type, HookCode.WithMembers(type, fix.Code)), fix.Namespace.Split('.').Skip(1)).Project.Solution;
    }
}
