using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Ryuso.Spec;

namespace Ryuso.Generator;

/// <summary>A spec file as it was read.</summary>
internal sealed record SpecFile(string Path, SpecResult Result)
{
    public static bool IsSpec(AdditionalText file, AnalyzerConfigOptionsProvider options)
    {
        string name = System.IO.Path.GetFileName(file.Path);
        return string.Equals(name, "ryu_spec.json", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".ryu.json", StringComparison.OrdinalIgnoreCase)
            || (options.GetOptions(file).TryGetValue("build_metadata.AdditionalFiles.RyusoSpec", out string? mark)
                && string.Equals(mark, "true", StringComparison.OrdinalIgnoreCase));
    }

    public static SpecFile Read(AdditionalText file, CancellationToken cancellationToken) =>
        new(file.Path, SpecReader.Read(file.GetText(cancellationToken)?.ToString() ?? ""));
}
