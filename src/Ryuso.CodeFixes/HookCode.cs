using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Microsoft.CodeAnalysis.Simplification;

namespace Ryuso.CodeFixes;

/// <summary>Puts written-out code into syntax; the editor then shortens its names, indents it and gives it its own line ends.</summary>
internal static class HookCode
{
    public static TypeDeclarationSyntax WithMembers(TypeDeclarationSyntax type, string code)
    {
        if (type.SemicolonToken.IsKind(SyntaxKind.SemicolonToken))
        {
            type = type
                .WithIdentifier(type.Identifier.WithTrailingTrivia(type.Identifier.TrailingTrivia.Add(SyntaxFactory.ElasticLineFeed)))
                .WithOpenBraceToken(SyntaxFactory.Token(SyntaxKind.OpenBraceToken).WithTrailingTrivia(SyntaxFactory.ElasticLineFeed))
                .WithCloseBraceToken(SyntaxFactory.Token(SyntaxKind.CloseBraceToken).WithTrailingTrivia(type.SemicolonToken.TrailingTrivia))
                .WithSemicolonToken(default);
        }

        IEnumerable<MemberDeclarationSyntax> members = Members(code).Select((member, i) => member
            .WithLeadingTrivia(i + type.Members.Count == 0 ? member.GetLeadingTrivia() : member.GetLeadingTrivia().Insert(0, SyntaxFactory.ElasticLineFeed))
            .WithAdditionalAnnotations(Formatter.Annotation, Simplifier.Annotation));
        return type.WithMembers(type.Members.AddRange(members));
    }

    public static MethodDeclarationSyntax WithSignature(MethodDeclarationSyntax method, string signature)
    {
        var right = (MethodDeclarationSyntax)Members(signature + ";").Single();
        SyntaxToken first = method.Modifiers.First();
        SyntaxTokenList modifiers = right.Modifiers.Replace(right.Modifiers.First(), right.Modifiers.First().WithLeadingTrivia(first.LeadingTrivia));
        return method
            .WithModifiers(modifiers)
            .WithReturnType(right.ReturnType.WithAdditionalAnnotations(Simplifier.Annotation))
            .WithTypeParameterList(null)
            .WithConstraintClauses(default)
            .WithParameterList(right.ParameterList.WithTrailingTrivia(method.ParameterList.GetTrailingTrivia()).WithAdditionalAnnotations(Simplifier.Annotation))
            .WithAdditionalAnnotations(Formatter.Annotation);
    }

    private static IEnumerable<MemberDeclarationSyntax> Members(string code) =>
        SyntaxFactory.ParseCompilationUnit("class C\n{\n" + code + "\n}\n").Members.OfType<TypeDeclarationSyntax>().Single().Members
            .Select(member => member.WithLeadingTrivia(member.GetLeadingTrivia().SkipWhile(t => t.IsKind(SyntaxKind.EndOfLineTrivia))));
}
