using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator.Binding;
using Ryuso.Generator.Diagnostics;
using Ryuso.Generator.Emit;
using Ryuso.Spec;
using Ryuso.Spec.Model;

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
            .Select((f, cancel) => SpecFile.Read(f.Left, cancel))
            .WithTrackingName(TrackingNames.Files);
        context.RegisterSourceOutput(files, ReportProblems);
        context.RegisterSourceOutput(files.Collect(), ReportSameNames);

        IncrementalValueProvider<EquatableArray<ValidSpec>> specs = files.Collect()
            .Select((all, _) => Valid(all))
            .WithTrackingName(TrackingNames.Specs);

        IncrementalValueProvider<ImmutableArray<Located<HookMethod>>> writtenMethods = context.SyntaxProvider
            .CreateSyntaxProvider((node, _) => HookMethodReader.IsCandidate(node), (c, _) => HookMethodReader.Read((MethodDeclarationSyntax)c.Node))
            .Collect();
        IncrementalValueProvider<ImmutableArray<Located<HookClass>>> writtenClasses = context.SyntaxProvider
            .CreateSyntaxProvider((node, _) => HookClassReader.IsCandidate(node), HookClassReader.Read)
            .Where(c => c is not null)
            .Select((c, _) => c!)
            .Collect();
        IncrementalValueProvider<EquatableArray<HookMethod>> methods = writtenMethods
            .Select((all, _) => new EquatableArray<HookMethod>(all.Select(m => m.Value)))
            .WithTrackingName(TrackingNames.Methods);
        IncrementalValueProvider<EquatableArray<HookClass>> classes = writtenClasses
            .Select((all, _) => new EquatableArray<HookClass>(all.Select(c => c.Value).Distinct()))
            .WithTrackingName(TrackingNames.Classes);

        IncrementalValuesProvider<BoundSpec> bound = specs
            .Combine(methods.Combine(classes))
            .SelectMany((all, _) => all.Left.Select(spec => HookBinder.Bind(spec, all.Right.Left, all.Right.Right)))
            .WithTrackingName(TrackingNames.Bound);
        EmitAll(context, bound);

        IncrementalValueProvider<EquatableArray<DiagnosticInfo>> judged = specs
            .Combine(writtenMethods.Combine(writtenClasses))
            .Select((all, _) => new EquatableArray<DiagnosticInfo>(all.Left.SelectMany(spec => HookJudge.Judge(spec, all.Right.Left, all.Right.Right))))
            .WithTrackingName(TrackingNames.Judged);
        context.RegisterSourceOutput(judged.Combine(context.CompilationProvider), ReportHooks);
    }

    /// <summary>One output for each generated file, so that an edit emits again only what it changes.</summary>
    private static void EmitAll(IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<BoundSpec> bound)
    {
        IncrementalValuesProvider<(BoundClass Class, string Pool)> classes = bound
            .SelectMany((b, _) => b.Classes.Select(c => (c, $"{b.Spec.Namespace}.{b.Spec.Pool}")))
            .WithTrackingName(TrackingNames.HookClasses);
        IncrementalValuesProvider<(string Namespace, ProgramModel Program)> programs = bound
            .SelectMany((b, _) => b.Spec.Model.Programs.Select(p => (b.Spec.Namespace, p)))
            .WithTrackingName(TrackingNames.Programs);
        context.RegisterSourceOutput(classes, (output, c) => Add(output, c.Class.FullName, () => HookClassEmitter.Emit(c.Class, c.Pool)));
        context.RegisterSourceOutput(programs, (output, p) => Add(output, $"{p.Namespace}.Programs.{SpecNaming.ToPascalCase(p.Program.Name)}", () => ProgramEmitter.Emit(p.Namespace, p.Program)));
        IncrementalValuesProvider<BoundSpec> withoutWords = bound.Select((b, _) => Words.WithoutHookDescriptions(b));
        context.RegisterSourceOutput(withoutWords, (output, b) => Add(output, $"{b.Spec.Namespace}.{b.Spec.Pool}", () => PoolEmitter.Emit(b)));
        context.RegisterSourceOutput(withoutWords, (output, b) => Add(output, $"{b.Spec.Namespace}.{b.Spec.Orchestrator}", () => OrchestratorEmitter.Emit(b)));
        context.RegisterSourceOutput(withoutWords.Select((b, _) => b.Spec), (output, s) => Add(output, $"{s.Namespace}.{s.Definition}", () => DefinitionEmitter.Emit(s)));
    }

    private static void Add(SourceProductionContext output, string name, Func<SourceText> emit)
    {
#pragma warning disable CA1031 // An unexpected exception is the generator's fault and must not look like the user's.
        try
        {
            output.AddSource(name + ".g.cs", emit());
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            output.ReportDiagnostic(Diagnostic.Create(HookDiagnostics.Internal, Location.None, exception.ToString().Replace("\r", "").Replace('\n', ' ')));
        }
#pragma warning restore CA1031
    }

    private static EquatableArray<ValidSpec> Valid(ImmutableArray<SpecFile> files) => new(files
        .Where(f => f.Result.Model is not null)
        .Select(f => new ValidSpec(f.Result.Model!, f.Result.Plans, f.Result.Reversals))
        .GroupBy(s => s.Namespace)
        .Select(same => same.First()));

    private static void ReportProblems(SourceProductionContext output, SpecFile file)
    {
        foreach (Problem problem in file.Result.Problems)
        {
            output.ReportDiagnostic(SpecDiagnostics.Of(file.Path, problem));
        }
    }

    private static void ReportSameNames(SourceProductionContext output, ImmutableArray<SpecFile> files)
    {
        foreach (var same in files.Where(f => f.Result.Model is not null).GroupBy(f => SpecNaming.ToPascalCase(f.Result.Model!.Name)))
        {
            foreach (SpecFile other in same.Skip(1))
            {
                output.ReportDiagnostic(SpecDiagnostics.SameName(other.Path, other.Result.Model!.Name, same.First().Path));
            }
        }
    }

    private static void ReportHooks(SourceProductionContext output, (EquatableArray<DiagnosticInfo> Found, Compilation Compilation) judged)
    {
        foreach (DiagnosticInfo info in judged.Found)
        {
            output.ReportDiagnostic(info.ToDiagnostic(judged.Compilation));
        }
    }
}
