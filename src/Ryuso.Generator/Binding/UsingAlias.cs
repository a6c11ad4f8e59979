using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ryuso.Generator.Binding;

/// <summary>A <c>using X = Y;</c>.</summary>
internal sealed record UsingAlias(string Name, WrittenType Means)
{
    /// <summary>Whether it is one for all files.</summary>
    public static bool IsGlobal(SyntaxNode node) =>
        node is UsingDirectiveSyntax { Alias: not null } directive && directive.GlobalKeyword.IsKind(SyntaxKind.GlobalKeyword);

    public static UsingAlias Read(UsingDirectiveSyntax directive) =>
        new(directive.Alias!.Name.Identifier.ValueText, WrittenType.Of(directive.NamespaceOrType));

    /// <summary>What a name stands for at this place in its file; null where it is no alias there.</summary>
    public static Func<string, WrittenType?> InScope(SyntaxNode place)
    {
        Dictionary<string, WrittenType> found = [];
        for (SyntaxNode? node = place; node is not null; node = node.Parent)
        {
            SyntaxList<UsingDirectiveSyntax> usings = node switch
            {
                BaseNamespaceDeclarationSyntax space => space.Usings,
                CompilationUnitSyntax unit => unit.Usings,
                _ => default,
            };
            foreach (UsingDirectiveSyntax directive in usings)
            {
                if (directive.Alias is not null && !found.ContainsKey(directive.Alias.Name.Identifier.ValueText))
                {
                    UsingAlias alias = Read(directive);
                    found.Add(alias.Name, alias.Means);
                }
            }
        }

        return Among(found);
    }

    public static Func<string, WrittenType?> Among(Dictionary<string, WrittenType> aliases) =>
        name => aliases.TryGetValue(name, out WrittenType? means) ? means : null;
}
