using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ryuso.Generator.Binding;

/// <summary>A type as the user wrote it: a dotted name and perhaps one type argument. What is no such name is kept as its text.</summary>
internal sealed record WrittenType(string Name, WrittenType? Argument = null)
{
    public static WrittenType Of(TypeSyntax? type) => type switch
    {
        null => new WrittenType(""),
        QualifiedNameSyntax name => Join(Of(name.Left).Name + ".", Of(name.Right)),
        AliasQualifiedNameSyntax { Alias.Identifier.ValueText: "global" } name => Of(name.Name),
        AliasQualifiedNameSyntax name => Join(name.Alias.Identifier.ValueText + ".", Of(name.Name)),
        GenericNameSyntax { TypeArgumentList.Arguments.Count: 1 } name => new WrittenType(name.Identifier.ValueText, Of(name.TypeArgumentList.Arguments[0])),
        IdentifierNameSyntax name => new WrittenType(name.Identifier.ValueText),
        _ => new WrittenType(type.WithoutTrivia().NormalizeWhitespace().ToString()),
    };

    /// <summary>Whether the name, written out as far as it was, can mean that type.</summary>
    public bool Names(string fullName) =>
        Name.Length > 0
        && fullName.EndsWith(Name, StringComparison.Ordinal)
        && (fullName.Length == Name.Length || fullName[fullName.Length - Name.Length - 1] == '.');

    /// <summary>Puts what an alias stands for in the place of its first name.</summary>
    public WrittenType Expand(Func<string, WrittenType?> aliases)
    {
        int dot = Name.IndexOf('.');
        string first = dot < 0 ? Name : Name.Substring(0, dot);
        WrittenType? meant = aliases(first);
        WrittenType? argument = Argument?.Expand(aliases);
        return meant is null ? this with { Argument = argument }
            : dot < 0 ? meant with { Argument = argument ?? meant.Argument }
            : new WrittenType(meant.Name + Name.Substring(dot), argument);
    }

    public override string ToString() => Argument is null ? Name : $"{Name}<{Argument}>";

    private static WrittenType Join(string before, WrittenType last) => last with { Name = before + last.Name };
}
