using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Ryuso.Generator.Diagnostics;

namespace Ryuso.Generator.Binding;

/// <summary>Reads implementing parts of partial methods. Syntax only: the defining parts do not exist yet, so there is nothing to bind to.</summary>
internal static class HookMethodReader
{
    // The driver asks anew for every method at every edit anywhere; what stands in an unchanged file is the same syntax.
    private static readonly ConditionalWeakTable<MethodDeclarationSyntax, Located<HookMethod>> s_known = new();

    public static bool IsCandidate(SyntaxNode node) =>
        node is MethodDeclarationSyntax { Parent: TypeDeclarationSyntax } method && Is(method, SyntaxKind.PartialKeyword) && HasBody(method);

    public static Located<HookMethod> Read(MethodDeclarationSyntax method) => s_known.GetValue(method, ReadAnew);

    private static Located<HookMethod> ReadAnew(MethodDeclarationSyntax method)
    {
        IEnumerable<string> kept = method.Modifiers
            .Where(m => !m.IsKind(SyntaxKind.PartialKeyword) && !m.IsKind(SyntaxKind.AsyncKeyword))
            .Select(m => m.Text);
        var parent = (TypeDeclarationSyntax)method.Parent!;
        var read = new HookMethod(
            NameOf(parent),
            method.Identifier.ValueText,
            string.Join(" ", kept),
            Is(method, SyntaxKind.StaticKeyword),
            Is(method, SyntaxKind.AsyncKeyword),
            Is(method, SyntaxKind.PublicKeyword) || (Is(method, SyntaxKind.InternalKeyword) && !Is(method, SyntaxKind.PrivateKeyword)),
            method.TypeParameterList is not null,
            parent.Members.OfType<MethodDeclarationSyntax>().Any(m => !HasBody(m) && IsSameSignature(m, method)),
            WrittenType.Of(method.ReturnType),
            new(method.ParameterList.Parameters.Select(Read)));
        return new Located<HookMethod>(read.Expand(UsingAlias.InScope(parent)), LocationInfo.Of(method.Identifier));
    }

    private static HookParameter Read(ParameterSyntax parameter) => new(
        WrittenType.Of(parameter.Type),
        parameter.Identifier.Text,
        parameter.Modifiers.Count > 0 ? $"'{parameter.Modifiers}'" : parameter.Default is not null ? "a default value" : null);

    private static bool Is(MethodDeclarationSyntax method, SyntaxKind modifier) => method.Modifiers.Any(modifier);

    private static bool HasBody(MethodDeclarationSyntax method) => method.Body is not null || method.ExpressionBody is not null;

    private static bool IsSameSignature(MethodDeclarationSyntax one, MethodDeclarationSyntax other) =>
        one.Identifier.ValueText == other.Identifier.ValueText
        && one.ParameterList.Parameters.Select(p => WrittenType.Of(p.Type)).SequenceEqual(other.ParameterList.Parameters.Select(p => WrittenType.Of(p.Type)));

    /// <summary>The class with its namespaces, joined with dots, and its enclosing types, joined with plus signs.</summary>
    private static string NameOf(TypeDeclarationSyntax type)
    {
        string name = type.Identifier.ValueText;
        for (SyntaxNode? node = type.Parent; node is not null; node = node.Parent)
        {
            name = node switch
            {
                TypeDeclarationSyntax outer => outer.Identifier.ValueText + "+" + name,
                BaseNamespaceDeclarationSyntax space => WrittenType.Of(space.Name).Name + "." + name,
                _ => name,
            };
        }

        return name;
    }
}
