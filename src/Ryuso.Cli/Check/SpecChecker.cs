using Ryuso.Cli.Output;
using Ryuso.Cli.Specs;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Cli.Check;

/// <summary>What the compiler would say about specs.</summary>
internal static class SpecChecker
{
    public static List<Finding> Check(IReadOnlyList<LoadedSpec> specs, bool warningsAreErrors, Func<string, string> show)
    {
        IEnumerable<Finding> own = specs.SelectMany(s => s.Result.Problems.Select(p => Finding.Of(show(s.Path), p)));
        IEnumerable<Finding> all = own.Concat(SameNames(specs, show));
        return [.. all.Select(f => warningsAreErrors && f.Severity == ProblemSeverity.Warning ? f with { Severity = ProblemSeverity.Error } : f)];
    }

    /// <summary>Specs of one project; of several, each may have its own of the same name.</summary>
    private static IEnumerable<Finding> SameNames(IReadOnlyList<LoadedSpec> specs, Func<string, string> show) => specs
        .Where(s => s.Result.Model is not null)
        .GroupBy(s => (Project(s.Path), SpecNaming.ToPascalCase(s.Model.Name)))
        .SelectMany(same => same.Skip(1).Select(other => new Finding(
            show(other.Path), Finding.SameName, ProblemSeverity.Error, default, "",
            $"The specs {Path.GetFileName(other.Path)} and {Path.GetFileName(same.First().Path)} are both named '{other.Model.Name}', which gives both the same C# names. Rename one.",
            default)));

    /// <summary>The nearest folder upwards with a project file; a file outside every project is one of its own.</summary>
    private static string Project(string path)
    {
        for (string? folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Directory.EnumerateFiles(folder, "*.csproj", Folders.Readable).Any())
            {
                return folder;
            }
        }

        return path;
    }
}
