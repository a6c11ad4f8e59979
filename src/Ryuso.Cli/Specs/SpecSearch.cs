using Ryuso.Cli.Output;

namespace Ryuso.Cli.Specs;

/// <summary>Finds the specs that the user means.</summary>
internal static class SpecSearch
{
    private const int MaxDepth = 12;

    /// <summary>The named files and what lies below the named folders; below the current folder where nothing is named.</summary>
    public static List<string> Find(Terminal terminal, IReadOnlyCollection<string> named)
    {
        List<string> found = [];
        foreach (string name in named.Count == 0 ? ["."] : named)
        {
            string path = terminal.FullPath(name);
            if (Directory.Exists(path))
            {
                List<string> below = [.. Below(path, 0)];
                if (below.Count == 0)
                {
                    string where = named.Count == 0 ? "this folder" : $"'{name}'";
                    throw new UsageException($"There is no ryu_spec.json and no *.ryu.json in {where} or below it. Name the spec.");
                }

                found.AddRange(below);
            }
            else if (File.Exists(path))
            {
                found.Add(path);
            }
            else
            {
                throw new UsageException($"There is no file '{name}'.");
            }
        }

        return [.. found.Distinct()];
    }

    /// <summary>The one spec that is named, or that there is.</summary>
    public static LoadedSpec One(Terminal terminal, string? named)
    {
        List<string> found = Find(terminal, named is null ? [] : [named]);
        return found is [var one]
            ? LoadedSpec.Read(one)
            : throw new UsageException($"There are {found.Count} specs: {string.Join(", ", found.Select(terminal.Show))}. Choose one with --spec.");
    }

    /// <summary>Names of a spec for a shell; none where the specs cannot be read, since there is no place to say why.</summary>
    public static IEnumerable<string> Complete(Terminal terminal, string? named, Func<LoadedSpec, IEnumerable<string>> names)
    {
        try
        {
            return [.. Find(terminal, named is null ? [] : [named]).Select(LoadedSpec.Read).Where(s => s.Result.Model is not null).SelectMany(names).Distinct()];
        }
        catch (Exception exception) when (exception is UsageException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The one spec that has the program.</summary>
    public static LoadedSpec WithProgram(IReadOnlyList<LoadedSpec> specs, string program, Terminal terminal)
    {
        List<LoadedSpec> having = [.. specs.Where(s => s.Programs.Contains(program))];
        return having switch
        {
            [var one] => one,
            [] => throw new UsageException(
                $"There is no program '{program}' in {(specs.Count == 1 ? terminal.Show(specs[0].Path) : $"the {specs.Count} specs here")}.{Spec.Text.NearestName.DidYouMean(program, specs.SelectMany(s => s.Programs))}"),
            _ => throw new UsageException($"The program '{program}' is in {string.Join(" and in ", having.Select(s => terminal.Show(s.Path)))}. Choose with --spec."),
        };
    }

    private static IEnumerable<string> Below(string folder, int depth)
    {
        // A folder with a *.deps.json was published or built into: the specs in it are copies. The project's own folder is asked for itself.
        if (depth > 0 && Directory.EnumerateFiles(folder, "*.deps.json", Folders.Readable).Any())
        {
            yield break;
        }

        foreach (string file in Directory.EnumerateFiles(folder, "*.json", Folders.Readable).Where(IsSpec).Order(StringComparer.Ordinal))
        {
            yield return file;
        }

        if (depth == MaxDepth)
        {
            yield break;
        }

        foreach (string below in Directory.EnumerateDirectories(folder, "*", Folders.Readable).Where(IsSource).Order(StringComparer.Ordinal))
        {
            foreach (string file in Below(below, depth + 1))
            {
                yield return file;
            }
        }
    }

    /// <summary>As the package's build files choose.</summary>
    private static bool IsSpec(string file)
    {
        string name = Path.GetFileName(file);
        return name.Equals("ryu_spec.json", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".ryu.json", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>What builds leave behind, and what tools hide, is nobody's source.</summary>
    private static bool IsSource(string folder) => Path.GetFileName(folder) is var name && name is not ("bin" or "obj" or "node_modules") && name[0] != '.'
        && new DirectoryInfo(folder).LinkTarget is null;
}
