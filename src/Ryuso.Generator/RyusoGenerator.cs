using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator.Binding;
using Ryuso.Generator.Diagnostics;
using Ryuso.Generator.Emit;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Generator;

/// <summary>Specs and the user's hook classes in; typed C# and diagnostics out.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class RyusoGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<SpecFile> files = context.AdditionalTextsProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Where(f => SpecFile.IsSpec(f.Left, f.Right))
            .Select((f, _) => f.Left)
            .Select(SpecFile.Read)
            .WithTrackingName(TrackingNames.Files);
        IncrementalValueProvider<EquatableArray<SpecFile>> allFiles = files.Collect().Select((all, _) => new EquatableArray<SpecFile>(all));
        context.RegisterSourceOutput(files, ReportProblems);
        context.RegisterSourceOutput(allFiles, ReportSameNames);
        context.RegisterSourceOutput(allFiles.Combine(context.AnalyzerConfigOptionsProvider), (output, f) => ReportNoSpec(output, f.Left, f.Right.GlobalOptions.TryGetValue("build_property.RyusoExpectsSpec", out string? expects) ? expects : null));

        IncrementalValueProvider<EquatableArray<GeneratableSpec>> specs = allFiles
            .Select((all, _) => SpecFile.ValidOf(all))
            .WithTrackingName(TrackingNames.Specs);
        IncrementalValueProvider<EquatableArray<Located<HookMethod>>> writtenMethods = ReadMethods(context);
        IncrementalValueProvider<EquatableArray<Located<HookClass>>> writtenClasses = ReadClasses(context, specs);
        IncrementalValueProvider<EquatableArray<HookMethod>> methods = writtenMethods
            .Select((all, _) => new EquatableArray<HookMethod>(all.Select(m => m.Value)))
            .WithTrackingName(TrackingNames.Methods);
        IncrementalValueProvider<EquatableArray<HookClass>> classes = writtenClasses
            .Select((all, _) => new EquatableArray<HookClass>(all.Select(c => c.Value)))
            .WithTrackingName(TrackingNames.Classes);

        IncrementalValueProvider<bool> isClientOnly = context.AnalyzerConfigOptionsProvider
            .Select((options, _) => SpecFile.IsClientOnly(options))
            .WithTrackingName(TrackingNames.ClientOnly);

        EmitAll(context, isClientOnly, specs
            .Combine(methods.Combine(classes))
            .SelectMany((all, _) => all.Left.Select(spec => HookBinder.Bind(spec, all.Right.Left, all.Right.Right)))
            .WithTrackingName(TrackingNames.Bound));

        IncrementalValuesProvider<DiagnosticInfo> judged = allFiles
            .Combine(writtenMethods.Combine(writtenClasses))
            .Combine(isClientOnly)
            .SelectMany((all, _) => all.Right ? [] : ReportHooks(all.Left.Left, all.Left.Right.Left, all.Left.Right.Right))
            .WithTrackingName(TrackingNames.HookDiagnostics);

        // The compilation only turns places into locations; a project without faults never comes here.
        context.RegisterSourceOutput(judged.Combine(context.CompilationProvider), (output, found) => output.ReportDiagnostic(found.Left.ToDiagnostic(found.Right)));
    }

    private static IncrementalValueProvider<EquatableArray<Located<HookMethod>>> ReadMethods(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValueProvider<ImmutableArray<UsingAlias>> aliases = context.SyntaxProvider
            .CreateSyntaxProvider((node, _) => UsingAlias.IsGlobal(node), (c, _) => UsingAlias.Read((UsingDirectiveSyntax)c.Node))
            .Collect();
        return context.SyntaxProvider
            .CreateSyntaxProvider((node, _) => HookMethodReader.IsCandidate(node), (c, _) => HookMethodReader.Read((MethodDeclarationSyntax)c.Node))
            .Collect()
            .Combine(aliases)
            .Select((all, _) => Expand(all.Left, all.Right))
            .WithTrackingName(TrackingNames.ReadMethods);
    }

    /// <summary>Constructors may take types of any file, so that these are read from the compilation: only those that a spec names.</summary>
    private static IncrementalValueProvider<EquatableArray<Located<HookClass>>> ReadClasses(
        IncrementalGeneratorInitializationContext context,
        IncrementalValueProvider<EquatableArray<GeneratableSpec>> specs) => specs
            .Select((all, _) => new EquatableArray<HookTarget>(all.SelectMany(s => s.HooksByClass).Select(hooks => hooks[0].Target with { Method = "" })))
            .Combine(context.CompilationProvider)
            .Select((all, cancel) => new EquatableArray<Located<HookClass>>(all.Left.Select(t => HookClassReader.Read(all.Right, t, cancel)).OfType<Located<HookClass>>()))
            .WithTrackingName(TrackingNames.ReadClasses);

    private static EquatableArray<Located<HookMethod>> Expand(ImmutableArray<Located<HookMethod>> methods, ImmutableArray<UsingAlias> aliases)
    {
        Dictionary<string, WrittenType> meanings = aliases.GroupBy(a => a.Name).ToDictionary(same => same.Key, same => same.First().Means);
        return new(meanings.Count == 0 ? methods : methods.Select(m => m with { Value = m.Value.Expand(UsingAlias.Among(meanings)) }));
    }

    private static IEnumerable<DiagnosticInfo> ReportHooks(EquatableArray<SpecFile> files, EquatableArray<Located<HookMethod>> methods, EquatableArray<Located<HookClass>> classes)
    {
        foreach (GeneratableSpec spec in SpecFile.ValidOf(files))
        {
            var judge = new HookDiagnosticsReporter(spec);
            judge.ReportAll(methods, classes, files.First(f => ReferenceEquals(f.Valid, spec)).References());
            foreach (DiagnosticInfo found in judge.Found)
            {
                yield return found;
            }
        }
    }

    /// <summary>One output for each generated file, so that an edit emits again only what it changes.</summary>
    private static void EmitAll(IncrementalGeneratorInitializationContext context, IncrementalValueProvider<bool> isClientOnly, IncrementalValuesProvider<BoundSpec> bound)
    {
        IncrementalValuesProvider<BoundSpec> served = bound.Combine(isClientOnly).Where(b => !b.Right).Select((b, _) => b.Left);
        IncrementalValuesProvider<(BoundClass Class, string PoolType)> classes = served
            .SelectMany((b, _) => b.Classes.Select(c => (c, b.Spec.PoolType)))
            .WithTrackingName(TrackingNames.HookClasses);
        IncrementalValuesProvider<(string Namespace, ProgramModel Program, string File)> programs = bound
            .SelectMany((b, _) => b.Spec.Model.Programs.Zip(b.ProgramFiles, (p, file) => (b.Spec.Namespace, p, file)))
            .WithTrackingName(TrackingNames.Programs);
        IncrementalValuesProvider<BoundSpec> pools = served.Select((b, _) => DescriptionStripper.OfPool(b)).WithTrackingName(TrackingNames.Pools);
        IncrementalValuesProvider<BoundSpec> orchestrators = served.Select((b, _) => DescriptionStripper.OfOrchestrator(b)).WithTrackingName(TrackingNames.Orchestrators);
        IncrementalValuesProvider<GeneratableSpec> definitions = served.Select((b, _) => DescriptionStripper.OfDefinition(b)).WithTrackingName(TrackingNames.Definitions);
        IncrementalValuesProvider<ClientModel> clients = bound.Select((b, _) => DescriptionStripper.OfClient(b)).WithTrackingName(TrackingNames.Clients);
        context.RegisterSourceOutput(classes, (output, c) => Add(output, c.Class.File, () => HookClassEmitter.Emit(c.Class, c.PoolType)));
        context.RegisterSourceOutput(programs, (output, p) => Add(output, p.File, () => ProgramEmitter.Emit(p.Namespace, p.Program)));
        context.RegisterSourceOutput(pools, (output, b) => Add(output, b.Spec.PoolType, () => PoolEmitter.Emit(b)));
        context.RegisterSourceOutput(orchestrators, (output, b) => Add(output, $"{b.Spec.Namespace}.{b.Spec.Orchestrator}", () => OrchestratorEmitter.Emit(b)));
        context.RegisterSourceOutput(definitions, (output, s) => Add(output, $"{s.Namespace}.{s.Definition}", () => DefinitionEmitter.Emit(s)));
        context.RegisterSourceOutput(clients, (output, c) => Add(output, $"{c.Namespace}.{c.Client}", () => ClientEmitter.Emit(c)));
    }

    private static void Add(SourceProductionContext output, string file, Func<SourceText> emit)
    {
#pragma warning disable CA1031 // An unexpected exception is the generator's fault and must not look like the user's.
        try
        {
            output.AddSource(FileNames.Shorten(file) + ".g.cs", emit());
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            output.ReportDiagnostic(GeneratorDiagnostics.Failed(exception));
        }
#pragma warning restore CA1031
    }

    private static void ReportProblems(SourceProductionContext output, SpecFile file)
    {
        foreach (Problem problem in file.Result.Problems)
        {
            output.ReportDiagnostic(SpecDiagnostics.Of(file.Path, problem));
        }
    }

    private static void ReportSameNames(SourceProductionContext output, EquatableArray<SpecFile> files)
    {
        foreach (var same in files.Where(f => f.Valid is not null).GroupBy(f => f.Valid!.Namespace, StringComparer.OrdinalIgnoreCase))
        {
            foreach (SpecFile other in same.Skip(1))
            {
                output.ReportDiagnostic(SpecDiagnostics.SameName(other.Path, other.Result.Model!.Name, same.First().Path));
            }
        }
    }

    /// <summary>The package's props say who expects a spec: projects that refer to it themselves, not those that inherit it.</summary>
    private static void ReportNoSpec(SourceProductionContext output, EquatableArray<SpecFile> files, string? expects)
    {
        if (files.Count == 0 && string.Equals(expects, "true", StringComparison.OrdinalIgnoreCase))
        {
            output.ReportDiagnostic(Diagnostic.Create(GeneratorDiagnostics.NoSpec, Location.None));
        }
    }
}
