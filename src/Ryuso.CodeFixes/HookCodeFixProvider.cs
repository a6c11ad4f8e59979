using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Rename;
using Ryuso.Generator.Diagnostics;

namespace Ryuso.CodeFixes;

/// <summary>Offers what mends a hook: the missing methods or their whole class, the right signature, the spec's name.</summary>
[ExportCodeFixProvider(
    LanguageNames.CSharp,
    Name = nameof(HookCodeFixProvider),
    DocumentKinds = [nameof(TextDocumentKind.Document), nameof(TextDocumentKind.AdditionalDocument)],
    DocumentExtensions = [".cs", ".json"])]
[Shared]
public sealed class HookCodeFixProvider : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [HookDiagnostics.Fixable.Id];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (HookFix.Of(diagnostic.Properties) is { } fix && Action(context.TextDocument, diagnostic, fix) is { } action)
            {
                context.RegisterCodeFix(action, diagnostic);
            }
        }

        return Task.CompletedTask;
    }

    private static CodeAction? Action(TextDocument file, Diagnostic diagnostic, HookFix fix)
    {
        string name = $"{fix.Namespace}.{fix.Class}";
        return (fix.Kind, file) switch
        {
            (HookFix.WriteClass, _) =>
                CodeAction.Create($"Write the hook class '{name}'", _ => Task.FromResult(HookClassFile.AddTo(file.Project, fix)), fix.Kind + name),
            (HookFix.WriteHooks, Document document) =>
                CodeAction.Create($"Write the missing hooks of '{name}'", cancel => EditAsync<TypeDeclarationSyntax>(document, diagnostic, type => HookCode.WithMembers(type, fix.Code), cancel), fix.Kind),
            (HookFix.CorrectSignature, Document document) =>
                CodeAction.Create("Correct the hook's signature", cancel => EditAsync<MethodDeclarationSyntax>(document, diagnostic, method => HookCode.WithSignature(method, fix.Code), cancel), fix.Kind),
            (HookFix.Rename, Document document) =>
                CodeAction.Create($"Rename to '{fix.Code}'", cancel => RenameAsync(document, diagnostic, fix.Code, cancel), fix.Kind + fix.Code),
            _ => null,
        };
    }

    private static async Task<Document> EditAsync<T>(Document document, Diagnostic diagnostic, Func<T, SyntaxNode> edit, CancellationToken cancellationToken)
        where T : SyntaxNode
    {
        (SyntaxNode root, T node) = await FindAsync<T>(document, diagnostic, cancellationToken).ConfigureAwait(false);
        return document.WithSyntaxRoot(root.ReplaceNode(node, edit(node)));
    }

    private static async Task<Solution> RenameAsync(Document document, Diagnostic diagnostic, string name, CancellationToken cancellationToken)
    {
        (_, MethodDeclarationSyntax method) = await FindAsync<MethodDeclarationSyntax>(document, diagnostic, cancellationToken).ConfigureAwait(false);
        SemanticModel? model = await document.GetSemanticModelAsync(cancellationToken).ConfigureAwait(false);
        return await Renamer.RenameSymbolAsync(document.Project.Solution, model!.GetDeclaredSymbol(method, cancellationToken)!, default, name, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<(SyntaxNode Root, T Node)> FindAsync<T>(Document document, Diagnostic diagnostic, CancellationToken cancellationToken)
        where T : SyntaxNode
    {
        SyntaxNode root = (await document.GetSyntaxRootAsync(cancellationToken).ConfigureAwait(false))!;
        return (root, root.FindToken(diagnostic.Location.SourceSpan.Start).Parent!.FirstAncestorOrSelf<T>()!);
    }
}
