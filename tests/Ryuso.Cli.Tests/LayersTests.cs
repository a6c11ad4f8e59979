using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary>The folders of src/Ryuso.Cli are layers: a folder may name types of the folders below it and of none above it.</summary>
public sealed class LayersTests
{
    private static readonly string[] s_layers =
        ["Output", "Specs", "Check", "Plans", "Graphs", "Client", "Calls", "Bench", "Runs", "Stubs", "Import", "."];

    private static readonly string[] s_usings =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks"];

    private static readonly Lazy<(string From, string File, string Type, string To)[]> s_references = new(() => [.. References()]);

    [Fact]
    public void Folder_names_no_type_of_a_layer_above()
    {
        string[] upward = [.. s_references.Value.Where(IsUpward).Select(r => $"{r.From}/{r.File} names {r.Type} of {r.To}").Distinct().Order(StringComparer.Ordinal)];
        Assert.True(upward.Length == 0, string.Join('\n', upward));
    }

    [Fact]
    public void Two_folders_never_name_types_of_each_other()
    {
        var pairs = s_references.Value.Select(r => (r.From, r.To)).ToHashSet();
        string[] mutual = [.. pairs.Where(pair => pairs.Contains((pair.To, pair.From))).Select(pair => $"{pair.From} and {pair.To}")];
        Assert.True(mutual.Length == 0, string.Join('\n', mutual));
        Assert.Contains(("Graphs", "Plans"), pairs);
    }

    [Fact]
    public void Every_folder_with_source_files_is_a_layer()
    {
        string[] folders = [.. Files().Select(file => file.Folder).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(s_layers.Order(StringComparer.Ordinal), folders);
    }

    private static bool IsUpward((string From, string File, string Type, string To) reference) =>
        Array.IndexOf(s_layers, reference.To) > Array.IndexOf(s_layers, reference.From);

    private static IEnumerable<(string From, string File, string Type, string To)> References()
    {
        Dictionary<SyntaxTree, (string Folder, string Path)> folders = Files().ToDictionary(
            file => CSharpSyntaxTree.ParseText(File.ReadAllText(file.Path), CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest)),
            file => (file.Folder, file.Path));
        SyntaxTree usings = CSharpSyntaxTree.ParseText(string.Concat(s_usings.Select(name => $"global using {name};\n")));
        CSharpCompilation tool = CSharpCompilation.Create(
            "Ryuso.Cli",
            [.. folders.Keys, usings],
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
                .Where(path => Path.GetFileName(path) != "Ryuso.Cli.dll").Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication));
        foreach ((SyntaxTree tree, (string folder, string path)) in folders)
        {
            SemanticModel model = tool.GetSemanticModel(tree);
            foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                if (model.GetSymbolInfo(name).Symbol is INamedTypeSymbol type
                    && type.DeclaringSyntaxReferences.FirstOrDefault() is { } declared
                    && folders.TryGetValue(declared.SyntaxTree, out (string Folder, string Path) home)
                    && home.Folder != folder)
                {
                    yield return (folder, Path.GetFileName(path), type.Name, home.Folder);
                }
            }
        }
    }

    private static IEnumerable<(string Folder, string Path)> Files()
    {
        string root = Repository.File("src/Ryuso.Cli");
        return from path in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
               let folder = Path.GetRelativePath(root, Path.GetDirectoryName(path)!).Replace('\\', '/')
               where folder.Split('/')[0] is not ("bin" or "obj")
               select (folder, path);
    }
}
