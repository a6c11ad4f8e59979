using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Ryuso.Generator.Diagnostics;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Binding;

/// <summary>Reads the classes that a spec names: how they can be made, and why they perhaps cannot.</summary>
internal static class HookClassReader
{
    /// <summary>Nullable inside type arguments, not on the outside: a service is there or is not.</summary>
    private static readonly SymbolDisplayFormat s_type =
        SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>What the user has written of a class; null where that is nothing.</summary>
    public static Located<HookClass>? Read(Compilation compilation, HookTarget target, CancellationToken cancellationToken)
    {
        INamespaceSymbol? space = compilation.Assembly.GlobalNamespace;
        foreach (string part in target.Namespace.Split('.'))
        {
            space = space?.GetMembers(part).OfType<INamespaceSymbol>().FirstOrDefault();
        }

        INamedTypeSymbol? type = space?.GetTypeMembers(target.Class).OrderBy(t => t.Arity).FirstOrDefault();
        return type is null ? null : Read(type, target.FullClass, cancellationToken);
    }

    /// <summary>What the user has written of a class; null where that is nothing.</summary>
    public static Located<HookClass>? Read(INamedTypeSymbol type, string name, CancellationToken cancellationToken)
    {
        List<TypeDeclarationSyntax> parts = [.. Parts(type, cancellationToken)];
        return parts.Count == 0 ? null : new Located<HookClass>(Describe(type, name, parts), LocationInfo.Of(parts[0].Identifier));
    }

    /// <summary>The user's own parts of a class.</summary>
    public static IEnumerable<TypeDeclarationSyntax> Parts(INamedTypeSymbol type, CancellationToken cancellationToken) => type.DeclaringSyntaxReferences
        .Where(part => !part.SyntaxTree.FilePath.Contains(typeof(RyusoGenerator).FullName))
        .Select(part => part.GetSyntax(cancellationToken))
        .OfType<TypeDeclarationSyntax>();

    private static HookClass Describe(INamedTypeSymbol type, string name, List<TypeDeclarationSyntax> parts)
    {
        List<IMethodSymbol> constructors = [.. type.InstanceConstructors.Where(c => !(c.IsImplicitlyDeclared && c.Parameters.Length > 0))];
        string? unusable = type switch
        {
            { TypeKind: not TypeKind.Class } => "it must be a class; write 'partial class'",
            { IsRecord: true } => "it must be a class and not a record; write 'partial class'",
            { IsGenericType: true } => "it must not be generic; remove its type parameters",
            { IsAbstract: true, IsStatic: false } => "it must not be abstract, since one instance of it is made; remove 'abstract'",
            { IsFileLocal: true } => "it must not be file-local; remove 'file'",
            _ when parts.Any(p => !p.Modifiers.Any(SyntaxKind.PartialKeyword)) => "it must be partial; write 'partial class'",
            _ when constructors.Count > 1 => "it has several constructors; keep the one that takes what the hooks need",
            _ when constructors.Any(c => c.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal)) => "its constructor must be public or internal",
            _ => constructors.SelectMany(c => c.Parameters).Select(Obstacle).FirstOrDefault(o => o is not null),
        };
        return new HookClass(
            name,
            Keyword(parts[0]),
            type.IsStatic,
            unusable,
            new(constructors.Count == 1 && unusable is null ? Describe(constructors[0].Parameters) : []));
    }

    private static string Keyword(TypeDeclarationSyntax part) => part is RecordDeclarationSyntax { ClassOrStructKeyword.RawKind: not 0 } record
        ? $"{record.Keyword.Text} {record.ClassOrStructKeyword.Text}"
        : part.Keyword.Text;

    /// <summary>What keeps a constructor parameter from being filled with a service.</summary>
    private static string? Obstacle(IParameterSymbol parameter) =>
        parameter.RefKind != RefKind.None || parameter.IsParams || parameter.Type.IsRefLikeType || parameter.Type is IPointerTypeSymbol or IFunctionPointerTypeSymbol
            ? $"its constructor must take the parameter '{parameter.Name}' by value"
        : IsUnknown(parameter.Type)
            ? $"its constructor takes '{parameter.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}', which cannot be found; types that other source generators make are invisible here"
        : parameter.GetAttributes().Any(a => a.AttributeClass?.Name is "FromKeyedServices" or "FromKeyedServicesAttribute")
            ? $"its constructor takes the parameter '{parameter.Name}' as a keyed service, which is not supported; give the service a type of its own"
        : null;

    private static bool IsUnknown(ITypeSymbol type) => type switch
    {
        { TypeKind: TypeKind.Error } => true,
        INamedTypeSymbol named => named.TypeArguments.Any(IsUnknown),
        IArrayTypeSymbol array => IsUnknown(array.ElementType),
        _ => false,
    };

    /// <summary>The parameters to fill. One with a default other than null keeps it: there is no service of an int.</summary>
    private static IEnumerable<ConstructorParameter> Describe(IEnumerable<IParameterSymbol> parameters) => parameters
        .Where(p => !(p.HasExplicitDefaultValue && p.ExplicitDefaultValue is not null))
        .Select(p => new ConstructorParameter(
            p.Type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(s_type),
            SyntaxFacts.GetKeywordKind(p.Name) == SyntaxKind.None ? p.Name : "@" + p.Name,
            p.HasExplicitDefaultValue || p.NullableAnnotation == NullableAnnotation.Annotated));
}
