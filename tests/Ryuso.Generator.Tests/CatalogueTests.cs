using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Ryuso.Generator.Diagnostics;
using Ryuso.Spec;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Tests;

/// <summary>The catalogue of diagnostics: code, tables and release file say the same.</summary>
public class CatalogueTests
{
    private static readonly DiagnosticDescriptor[] s_descriptors = [.. typeof(HookDiagnostics).Assembly.GetTypes()
        .Where(t => t.Namespace == typeof(HookDiagnostics).Namespace)
        .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        .Where(f => f.FieldType == typeof(DiagnosticDescriptor))
        .Select(f => (DiagnosticDescriptor)f.GetValue(null)!)
        .OrderBy(d => d.Id, StringComparer.Ordinal)];

    [Fact]
    public void Every_descriptor_has_a_row_with_its_severity_meaning_example_and_remedy()
    {
        string[][] rows = [.. Lines("README.md").Where(line => line.StartsWith("| RYU", StringComparison.Ordinal)).Select(line => line.Split('|')[1..^1].Select(cell => cell.Trim()).ToArray())];
        Assert.Equal(
            s_descriptors.Select(d => (d.Id, Severity(d) + (d.CustomTags.Contains(WellKnownDiagnosticTags.NotConfigurable) ? ", fixed" : ""), d.Title.ToString(System.Globalization.CultureInfo.InvariantCulture))),
            rows.Select(row => (row[0], row[1], row[2])));
        Assert.All(rows, row => Assert.True(row.Length == 5 && row[3].Length > 5 && row[4].Length > 5, row[0]));
    }

    [Fact]
    public void The_release_file_lists_the_same() => Assert.Equal(
        s_descriptors.Select(d => $"{d.Id} | Ryuso | {Severity(d)} | {d.Title}"),
        Lines("AnalyzerReleases.Unshipped.md").Where(line => line.StartsWith("RYU", StringComparison.Ordinal)));

    [Fact]
    public void Every_id_is_used_once() => Assert.Distinct(s_descriptors.Select(d => d.Id));

    [Fact]
    public void Every_problem_of_a_spec_has_a_descriptor()
    {
        foreach (string code in typeof(ProblemCodes).GetFields(BindingFlags.Static | BindingFlags.Public).Select(f => (string)f.GetRawConstantValue()!))
        {
            Diagnostic told = SpecDiagnostics.Of("a/ryu_spec.json", new Problem(code, ProblemSeverity.Error, new SpecSpan(1, 2, 3, 4, 5, 6), "hooks.debit", "hooks.debit: Words.", default));
            Assert.Equal($"ryu_spec.json(4,5): {code}: hooks.debit: Words. [ryu_spec.json]", Built.Text(told));
        }
    }

    [Fact]
    public void The_analyzers_need_nothing_that_a_compiler_of_Roslyn_4_14_lacks()
    {
        string[] hosted = ["netstandard", "Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.CSharp", "Microsoft.CodeAnalysis.Workspaces", "Microsoft.CodeAnalysis.CSharp.Workspaces", "System.Collections.Immutable", "System.Composition.AttributedModel"];
        string[] own = ["Ryuso.Generator", "Ryuso.Spec"];
        foreach (Assembly assembly in new[] { typeof(RyusoGenerator).Assembly, typeof(SpecReader).Assembly, typeof(CodeFixes.HookCodeFixProvider).Assembly })
        {
            bool isFixes = assembly == typeof(CodeFixes.HookCodeFixProvider).Assembly;
            Assert.All(assembly.GetReferencedAssemblies(), reference =>
            {
                Assert.Contains(reference.Name, hosted.Concat(own));
                Assert.True(isFixes || !reference.Name!.Contains("Workspaces"), "Only the code fixes may need an editor.");
                Assert.True(!reference.Name!.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal) || reference.Version <= new Version(4, 14, 0, 0), reference.FullName);
                Assert.True(reference.Name != "netstandard" || reference.Version == new Version(2, 0, 0, 0), reference.FullName);
            });
        }
    }

    private static string Severity(DiagnosticDescriptor descriptor) => descriptor.DefaultSeverity.ToString();

    private static string[] Lines(string file, [CallerFilePath] string test = "") =>
        File.ReadAllLines(Path.Combine(Path.GetDirectoryName(test)!, "../../src/Ryuso.Generator", file));
}
