using Ryuso.Spec;
using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;

namespace Ryuso.Cli.Specs;

/// <summary>A spec file as it was read.</summary>
internal sealed record LoadedSpec(string Path, SpecResult Result)
{
    public static LoadedSpec Read(string path) => new(path, SpecReader.Read(File.ReadAllText(path)));

    public IEnumerable<string> Programs => Result.Model?.Programs.Select(p => p.Name) ?? [];

    public SpecModel Model => Result.Model ?? throw new InvalidOperationException($"{Path} has no model.");

    /// <summary>The program's line; null where the program is broken.</summary>
    public Plan? Plan(string program) => Result.Plans.FirstOrDefault(p => p.Program == program);
}
