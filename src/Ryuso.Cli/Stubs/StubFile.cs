using Ryuso.Cli.Output;

namespace Ryuso.Cli.Stubs;

/// <summary>A file with the stubs of one hook class. One that was there already is kept.</summary>
internal sealed record StubFile(string Path, IReadOnlyList<string> Methods, bool IsKept)
{
    /// <summary>Writes the classes below a folder; says only what would be written where <paramref name="dryRun"/> asks for it.</summary>
    public static List<StubFile> Write(IEnumerable<StubClass> classes, string folder, string origin, bool force, bool dryRun)
    {
        List<StubFile> files = [];
        foreach (StubClass type in classes)
        {
            string path = System.IO.Path.Combine(folder, type.RelativePath);
            bool isKept = !force && File.Exists(path);
            if (!isKept && !dryRun)
            {
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
                File.WriteAllText(path, type.Code(origin));
            }

            files.Add(new StubFile(path, [.. type.Methods], isKept));
        }

        return files;
    }

    public static void Report(Terminal terminal, IEnumerable<StubFile> files, bool dryRun)
    {
        string verb = dryRun ? "would write" : "wrote";
        foreach (StubFile file in files)
        {
            terminal.Out.WriteLine($"{(file.IsKept ? "kept" : verb).PadRight(verb.Length)} {terminal.Show(file.Path)}: {string.Join(", ", file.Methods)}");
        }
    }
}
