using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Ryuso.Generator.Diagnostics;

namespace Ryuso.Generator.Binding;

/// <summary>Reads implementing parts of partial methods. Syntax only: the defining parts do not exist yet, so there is nothing to bind to.</summary>
internal static class HookMethodReader
{
    public static bool IsCandidate(SyntaxNode node) =>
        node is MethodDeclarationSyntax { Parent: TypeDeclarationSyntax } method
        && method.Modifiers.Any(SyntaxKind.PartialKeyword)
        && (method.Body is not null || method.ExpressionBody is not null);

    public static Located<HookMethod> Read(MethodDeclarationSyntax method)
    {
        IEnumerable<string> kept = method.Modifiers
            .Where(m => !m.IsKind(SyntaxKind.PartialKeyword) && !m.IsKind(SyntaxKind.AsyncKeyword))
            .Select(m => m.Text);
        bool isPublic = method.Modifiers.Any(SyntaxKind.PublicKeyword);
        bool isInternal = method.Modifiers.Any(SyntaxKind.InternalKeyword);
        var parent = (TypeDeclarationSyntax)method.Parent!;
        return new Located<HookMethod>(
            new HookMethod(
                NameOf(parent),
                method.Identifier.ValueText,
                string.Join(" ", kept),
                method.Modifiers.Any(SyntaxKind.StaticKeyword),
                isPublic || isInternal,
                method.TypeParameterList is not null,
                parent.Members.OfType<MethodDeclarationSyntax>().Any(m => m.Body is null && m.ExpressionBody is null && m.Identifier.ValueText == method.Identifier.ValueText),
                SimpleName(method.ReturnType),
                new(method.ParameterList.Parameters.Select(p => new HookParameter(SimpleName(p.Type), p.Identifier.Text, p.Modifiers.Count > 0)))),
            LocationInfo.Of(method.Identifier));
    }

    /// <summary>The class with its namespaces and enclosing types, joined with dots.</summary>
    private static string NameOf(TypeDeclarationSyntax type)
    {
        string name = type.Identifier.ValueText;
        for (SyntaxNode? node = type.Parent; node is not null; node = node.Parent)
        {
            name = node switch
            {
                TypeDeclarationSyntax outer => outer.Identifier.ValueText + "." + name,
                BaseNamespaceDeclarationSyntax space => WithoutTrivia(space.Name) + "." + name,
                _ => name,
            };
        }

        return name;
    }

    private static string WithoutTrivia(NameSyntax name) => string.Concat(name.DescendantTokens().Select(t => t.ValueText));

    private static string SimpleName(TypeSyntax? type) => type switch
    {
        null => "",
        QualifiedNameSyntax qualified => SimpleName(qualified.Right),
        AliasQualifiedNameSyntax alias => SimpleName(alias.Name),
        GenericNameSyntax generic => $"{generic.Identifier.ValueText}<{string.Join(",", generic.TypeArgumentList.Arguments.Select(SimpleName))}>",
        IdentifierNameSyntax identifier => identifier.Identifier.ValueText,
        _ => type.WithoutTrivia().ToString(),
    };
}
