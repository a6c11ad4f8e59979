using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator.Binding;
using Ryuso.Generator.Diagnostics;
using Ryuso.Spec;

namespace Ryuso.Generator;

/// <summary>
/// Marks, unseen, the places where a code fix can mend a hook. The generator has told what is wrong by then, but editors offer fixes only
/// for what analyzers report.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HookFixAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [HookDiagnostics.Fixable];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(Start);
    }

    private static void Start(CompilationStartAnalysisContext context)
    {
        if (SpecFile.IsClientOnly(context.Options.AnalyzerConfigOptionsProvider))
        {
            return;
        }

        List<SpecFile> files = SpecFile.ReadAll(context);
        List<(GeneratableSpec Spec, SpecFile File, IReadOnlyList<HookOfClass> Hooks)> classes = [.. SpecFile.ValidOf(files)
            .SelectMany(spec => spec.HooksByClass.Select(hooks => (spec, files.First(f => ReferenceEquals(f.Valid, spec)), hooks)))];
        if (classes.Count == 0)
        {
            return;
        }

        var byName = classes.ToDictionary(c => c.Hooks[0].Target.FullClass);
        var aliases = new Lazy<Func<string, WrittenType?>>(() => UsingAlias.Among(GlobalAliases(context.Compilation, context.CancellationToken)));
        context.RegisterSymbolAction(symbol =>
        {
            if (byName.TryGetValue(symbol.Symbol.ToDisplayString(), out var found))
            {
                ReportClass(found.Spec, found.Hooks, (INamedTypeSymbol)symbol.Symbol, aliases.Value, symbol);
            }
        }, SymbolKind.NamedType);
        context.RegisterAdditionalFileAction(file =>
        {
            foreach (var missing in classes.Where(c => c.File.Path == file.AdditionalFile.Path && HookClassReader.Read(file.Compilation, c.Hooks[0].Target, file.CancellationToken) is null))
            {
                var judge = new HookDiagnosticsReporter(missing.Spec);
                judge.ReportClass(missing.Hooks, null, [], missing.File.References());
                Report(judge, file.Compilation, file.ReportDiagnostic);
            }
        });
    }

    private static void ReportClass(
        GeneratableSpec spec,
        IReadOnlyList<HookOfClass> hooks,
        INamedTypeSymbol type,
        Func<string, WrittenType?> aliases,
        SymbolAnalysisContext context)
    {
        var judge = new HookDiagnosticsReporter(spec);
        List<Located<HookMethod>> methods = [.. HookClassReader.Parts(type, context.CancellationToken)
            .SelectMany(part => part.Members.Where(HookMethodReader.IsCandidate))
            .Select(member => HookMethodReader.Read((MethodDeclarationSyntax)member))
            .Select(method => method with { Value = method.Value.Expand(aliases) })];
        judge.ReportClass(hooks, HookClassReader.Read(type, hooks[0].Target.FullClass, context.CancellationToken), methods, _ => null);
        Report(judge, context.Compilation, context.ReportDiagnostic);
    }

    private static void Report(HookDiagnosticsReporter judge, Compilation compilation, Action<Diagnostic> report)
    {
        foreach (DiagnosticInfo found in judge.Found)
        {
            if (found is { Fix: { } fix, At: { } at })
            {
                report(Diagnostic.Create(HookDiagnostics.Fixable, at.ToLocation(compilation), fix.ToProperties()));
            }
        }
    }

    private static Dictionary<string, WrittenType> GlobalAliases(Compilation compilation, CancellationToken cancellationToken)
    {
        Dictionary<string, WrittenType> found = [];
        foreach (SyntaxNode node in compilation.SyntaxTrees.SelectMany(t => ((CompilationUnitSyntax)t.GetRoot(cancellationToken)).Usings.Where(UsingAlias.IsGlobal)))
        {
            UsingAlias alias = UsingAlias.Read((UsingDirectiveSyntax)node);
            found[alias.Name] = alias.Means;
        }

        return found;
    }
}
