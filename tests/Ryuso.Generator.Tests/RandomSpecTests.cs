using System.Globalization;
using CsCheck;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Ryuso.Generator.Binding;
using Ryuso.Generator.Diagnostics;

namespace Ryuso.Generator.Tests;

/// <summary>Whatever stands in a spec: our diagnostics, or code that compiles without a warning; never a compiler error in generated code, never an exception.</summary>
public class RandomSpecTests
{
    /// <summary>RYUSO_MUTATED_SPECS=20000 is the long form.</summary>
    private static readonly int s_specs = int.TryParse(Environment.GetEnvironmentVariable("RYUSO_MUTATED_SPECS"), CultureInfo.InvariantCulture, out int n) ? n : 500;

    [Fact]
    public void Any_spec_gives_our_diagnostics_or_code_that_compiles_without_a_warning()
    {
        int compiled = 0;
        Gen.Int[0, 1_000_000].Array[200].Sample(
            dice =>
            {
                string spec = new RandomSpec(dice).Text();
                try
                {
                    compiled += IsCompiled(spec, dice[0] % 2 == 0 ? LanguageVersion.CSharp12 : LanguageVersion.Latest, (NullableContextOptions)(dice[1] % 4)) ? 1 : 0;
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"{spec}\n{exception.Message}", exception);
                }
            },
            iter: s_specs,
            threads: 1);
        Assert.InRange(compiled, s_specs / 6, s_specs);
    }

    /// <summary>Whether the spec was good enough to be compiled whole.</summary>
    internal static bool IsCompiled(string spec, LanguageVersion language, NullableContextOptions nullable)
    {
        Build build = Build.Of(spec) with { Language = language, Nullable = nullable };
        Built bare = build.Run();
        Assert.Null(bare.Exception);
        Assert.DoesNotContain(bare.Diagnostics, d => d.Id == GeneratorDiagnostics.Internal.Id);

        // The stubs are those that the code fix writes.
        Built built = (build with { Sources = [.. Stubs(spec).Select((text, i) => ($"Stub{i}.cs", text))] }).Run();
        Assert.Null(built.Exception);
        Assert.DoesNotContain(built.Diagnostics, d => d.Id.StartsWith("RYU2", StringComparison.Ordinal) || d.Id.StartsWith("RYU9", StringComparison.Ordinal));
        using var assembly = new MemoryStream();
        Assert.Empty(built.Output.Emit(assembly).Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning).Select(Built.Text));
        return Read(spec).Result is { Model.IsPartial: false, Model: var model } && !model.Hooks.Any(h => h.IsBroken) && !model.Programs.Any(p => p.IsBroken);
    }

    private static SpecFile Read(string text) => new("ryu_spec.json", text, Spec.SpecReader.Read(text));

    private static IEnumerable<string> Stubs(string text)
    {
        if (Read(text).Valid is not { } spec)
        {
            return [];
        }

        var judge = new HookDiagnosticsReporter(spec);
        judge.ReportAll([], [], _ => null);
        return judge.Found.Select(f => f.Fix!).Select(f => $"namespace {f.Namespace};\n\n/// <summary>Hooks.</summary>\npublic sealed partial class {f.Class}\n{{\n{f.Code}\n}}\n");
    }
}
