using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Ryuso.Generator.Binding;
using Ryuso.Generator.Diagnostics;
using Ryuso.Generator.SharedState;

namespace Ryuso.Generator;

/// <summary>
/// Reports what a hook class keeps between calls and several runs at once would break. Only classes of a spec in which a program has a key:
/// without keys one run follows the other.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SharedStateAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [HookDiagnostics.SharedState];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(Start);
    }

    private static void Start(CompilationStartAnalysisContext context)
    {
        Dictionary<INamedTypeSymbol, string> shared = SharedClasses(context);
        if (shared.Count > 0)
        {
            context.RegisterSymbolStartAction(
                symbol =>
                {
                    var type = (INamedTypeSymbol)symbol.Symbol;
                    if (shared.TryGetValue(type, out string? hookClass))
                    {
                        new StateOfClass(type, hookClass).Register(symbol);
                    }
                },
                SymbolKind.NamedType);
        }
    }

    /// <summary>The hook classes of keyed specs and the project's own base classes of them, each with the hook class's name.</summary>
    private static Dictionary<INamedTypeSymbol, string> SharedClasses(CompilationStartAnalysisContext context)
    {
        Dictionary<INamedTypeSymbol, string> shared = new(SymbolEqualityComparer.Default);
        if (SpecFile.IsClientOnly(context.Options.AnalyzerConfigOptionsProvider))
        {
            return shared;
        }

        IAssemblySymbol own = context.Compilation.Assembly;
        foreach (GeneratableSpec spec in SpecFile.ValidOf(SpecFile.ReadAll(context)).Where(HasKey))
        {
            foreach (string name in spec.HooksByClass.Select(hooks => hooks[0].Target.FullClass))
            {
                INamedTypeSymbol? type = own.GetTypeByMetadataName(name);
                while (type is not null && SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, own))
                {
                    shared[type.OriginalDefinition] = name;
                    type = type.BaseType;
                }
            }
        }

        return shared;
    }

    private static bool HasKey(GeneratableSpec spec) => spec.Model.Programs.Any(p => p.Key is not null);
}
