using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Ryuso.Generator.Binding;
using Ryuso.Generator.Diagnostics;
using Ryuso.Spec;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Generator;

/// <summary>A spec file as it was read. Two of the same text are equal: all else follows from it.</summary>
internal sealed class SpecFile(string path, string text, SpecResult result) : IEquatable<SpecFile>
{
    private static readonly SourceTextValueProvider<SpecResult> s_results = new(text => SpecReader.Read(text.ToString()));

    public string Path { get; } = path;

    public string Text { get; } = text;

    public SpecResult Result { get; } = result;

    /// <summary>What of it can be generated; null where nothing can.</summary>
    public GeneratableSpec? Valid { get; } = result.Model is { } model ? new GeneratableSpec(model, result.Plans, result.Reversals) : null;

    public static bool IsSpec(AdditionalText file, AnalyzerConfigOptionsProvider options)
    {
        string name = System.IO.Path.GetFileName(file.Path);
        return string.Equals(name, "ryu_spec.json", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".ryu.json", StringComparison.OrdinalIgnoreCase)
            || (options.GetOptions(file).TryGetValue("build_metadata.AdditionalFiles.RyusoSpec", out string? mark)
                && string.Equals(mark, "true", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether the project calls servers and has no hooks of its own (property <c>RyusoClientOnly</c>).</summary>
    public static bool IsClientOnly(AnalyzerConfigOptionsProvider options) =>
        options.GlobalOptions.TryGetValue("build_property.RyusoClientOnly", out string? value) && string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);

    public static SpecFile Read(AdditionalText file, CancellationToken cancellationToken)
    {
        string text = file.GetText(cancellationToken)?.ToString() ?? "";
        return new SpecFile(file.Path, text, SpecReader.Read(text));
    }

    /// <summary>All specs of a project, for an analyzer. A text is read once for all analyzers.</summary>
#pragma warning disable RS1012 // It only reads: its callers register the actions.
    public static List<SpecFile> ReadAll(CompilationStartAnalysisContext context) => [.. context.Options.AdditionalFiles
        .Where(f => IsSpec(f, context.Options.AnalyzerConfigOptionsProvider))
        .Select(f => f.GetText(context.CancellationToken) is { } text && context.TryGetValue(text, s_results, out SpecResult? result)
            ? new SpecFile(f.Path, text.ToString(), result)
            : null)
        .OfType<SpecFile>()];
#pragma warning restore RS1012

    /// <summary>The specs of all files; of those with one C# name only the first.</summary>
    public static EquatableArray<GeneratableSpec> ValidOf(IEnumerable<SpecFile> files) => new(files
        .Select(f => f.Valid)
        .OfType<GeneratableSpec>()
        .GroupBy(s => s.Namespace, StringComparer.OrdinalIgnoreCase)
        .Select(same => same.First()));

    /// <summary>Finds where a hook's reference stands: reads the text once more, when it is first asked.</summary>
    public Func<HookModel, LocationInfo?> References()
    {
        var places = new Lazy<IReadOnlyDictionary<string, SpecSpan>>(() => SpecLocations.OfReferences(Text));
        return hook => places.Value.TryGetValue(hook.Name, out SpecSpan span) ? LocationInfo.Of(Path, span) : null;
    }

    public bool Equals(SpecFile? other) => other is not null && Path == other.Path && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as SpecFile);

    public override int GetHashCode() => Text.GetHashCode();
}
