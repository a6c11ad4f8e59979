using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Ryuso.Generator.Diagnostics;

namespace Ryuso.Generator.Binding;

/// <summary>Reads partial classes: how they can be made, and why they perhaps cannot.</summary>
internal static class HookClassReader
{
    private static readonly SymbolDisplayFormat s_nested = new(typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    public static bool IsCandidate(SyntaxNode node) =>
        node is TypeDeclarationSyntax type && type is not InterfaceDeclarationSyntax && type.Modifiers.Any(SyntaxKind.PartialKeyword);

    public static Located<HookClass>? Read(GeneratorSyntaxContext context, CancellationToken cancellationToken)
    {
        var syntax = (TypeDeclarationSyntax)context.Node;
        return context.SemanticModel.GetDeclaredSymbol(syntax, cancellationToken) is not { } type
            ? null
            : new Located<HookClass>(Describe(type), LocationInfo.Of(syntax.Identifier));
    }

    private static HookClass Describe(INamedTypeSymbol type)
    {
        List<IMethodSymbol> constructors = [.. type.InstanceConstructors.Where(c => !(c.IsImplicitlyDeclared && c.Parameters.Length > 0))];
        string? unusable = type switch
        {
            { TypeKind: not TypeKind.Class } => "it must be a class; write 'partial class'",
            { IsRecord: true } => "it must be a class and not a record; write 'partial class'",
            { IsGenericType: true } => "it must not be generic",
            { ContainingType: not null } => "it must not stand inside another type",
            { IsAbstract: true, IsStatic: false } => "it must not be abstract, since one instance of it is made",
            { IsFileLocal: true } => "it must not be file-local",
            _ when constructors.Count > 1 => "it has several constructors; keep the one that takes what the hooks need",
            _ when constructors.Any(c => c.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal)) => "its constructor must be public or internal",
            _ when constructors.Any(c => c.Parameters.Any(p => p.RefKind != RefKind.None || p.Type.IsRefLikeType)) => "its constructor must take its parameters by value",
            _ => null,
        };
        return new HookClass(
            type.ToDisplayString(s_nested),
            type.IsStatic,
            unusable,
            new(constructors.Count == 1 ? constructors[0].Parameters.Select(Describe) : []));
    }

    private static ConstructorParameter Describe(IParameterSymbol parameter) => new(
        parameter.Type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat),
        parameter.HasExplicitDefaultValue,
        parameter.Type.TypeKind == TypeKind.Error);
}
