using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Ryuso.Spec.Tests;

/// <summary>The folders of src/Ryuso.Spec are layers: a folder may name types of the folders below it and of none above it.</summary>
public sealed class LayersTests
{
    private static readonly string[] s_layers = ["Text", "Json", "Model", "Validation", "Planning", "Flow", "."];

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
        Assert.Contains(("Validation", "Model"), pairs);
    }

    [Fact]
    public void Every_folder_with_source_files_is_a_layer()
    {
        string[] folders = [.. Files().Select(file => file.Folder).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(s_layers.Order(StringComparer.Ordinal), folders);
    }

    [Fact]
    public void Namespace_is_that_of_the_folder()
    {
        foreach ((string folder, string path) in Files().Where(file => Path.GetFileName(file.Path) != "IsExternalInit.cs"))
        {
            string expected = folder == "." ? "namespace Ryuso.Spec;" : $"namespace Ryuso.Spec.{folder};";
            Assert.Contains(expected, File.ReadLines(path));
        }
    }

    private static bool IsUpward((string From, string File, string Type, string To) reference) =>
        Array.IndexOf(s_layers, reference.To) > Array.IndexOf(s_layers, reference.From);

    private static IEnumerable<(string From, string File, string Type, string To)> References()
    {
        Dictionary<SyntaxTree, (string Folder, string Path)> folders = Files().ToDictionary(
            file => CSharpSyntaxTree.ParseText(File.ReadAllText(file.Path), CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest)),
            file => (file.Folder, file.Path));
        SyntaxTree usings = CSharpSyntaxTree.ParseText(string.Concat(s_usings.Select(name => $"global using {name};\n")));
        CSharpCompilation reader = CSharpCompilation.Create(
            "Ryuso.Spec",
            [.. folders.Keys, usings],
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
                .Where(path => Path.GetFileName(path) != "Ryuso.Spec.dll").Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        foreach ((SyntaxTree tree, (string folder, string path)) in folders)
        {
            SemanticModel model = reader.GetSemanticModel(tree);
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

    private static IEnumerable<(string Folder, string Path)> Files([CallerFilePath] string test = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(test)!, "../../src/Ryuso.Spec"));
        return from path in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
               let folder = Path.GetRelativePath(root, Path.GetDirectoryName(path)!).Replace('\\', '/')
               where folder.Split('/')[0] is not ("bin" or "obj")
               select (folder, path);
    }
}
