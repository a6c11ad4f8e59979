using Microsoft.CodeAnalysis;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Diagnostics;

/// <summary>RYU0xx: the JSON of a spec.</summary>
internal static class SyntaxDiagnostics
{
    private static readonly DiagnosticDescriptor s_syntax = SpecDiagnostics.Error(ProblemCodes.Syntax);
    private static readonly DiagnosticDescriptor s_duplicateKey = SpecDiagnostics.Error(ProblemCodes.DuplicateKey);
    private static readonly DiagnosticDescriptor s_tooDeep = SpecDiagnostics.Error(ProblemCodes.TooDeep);

    public static readonly DiagnosticDescriptor[] All = [s_syntax, s_duplicateKey, s_tooDeep];
}
