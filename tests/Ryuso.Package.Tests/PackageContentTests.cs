using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using Ryuso.TestKit;

namespace Ryuso.Package.Tests;

public class PackageContentTests(PackedRyuso package)
{
    private static readonly string[] s_analyzers = ["Ryuso.CodeFixes.dll", "Ryuso.Generator.dll", "Ryuso.Spec.dll"];

    /// <summary>What every host of the compiler has.</summary>
    private static readonly string[] s_hosted = ["netstandard", "Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.CSharp", "System.Collections.Immutable"];

    /// <summary>What every editor has besides; only the code fixes are loaded there.</summary>
    private static readonly string[] s_edited = ["Microsoft.CodeAnalysis.Workspaces", "Microsoft.CodeAnalysis.CSharp.Workspaces", "System.Composition.AttributedModel"];

    [Fact]
    public void Each_file_lies_in_its_slot()
    {
        using ZipArchive archive = package.Open();

        string[] expected =
        [
            "README.md",
            .. s_analyzers.Select(dll => "analyzers/dotnet/cs/" + dll),
            "build/Ryuso.props",
            "build/Ryuso.targets",
            "lib/net10.0/Ryuso.dll",
            "lib/net10.0/Ryuso.xml",
            .. File.Exists(Repository.File("src/Ryuso/Schema/ryu_spec.schema.json")) ? ["schema/ryu_spec.schema.json"] : Array.Empty<string>(),
        ];

        string[] own = ["_rels/", "package/", "[Content_Types].xml", "Ryuso.nuspec"];
        Assert.Equal(expected, archive.Entries.Select(e => e.FullName).Where(name => !own.Any(name.StartsWith)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_symbols_are_a_package_beside_it()
    {
        using ZipArchive symbols = package.Open("snupkg");
        Assert.NotNull(symbols.GetEntry("lib/net10.0/Ryuso.pdb"));
    }

    [Fact]
    public void The_analyzers_reference_only_what_every_compiler_has()
    {
        using ZipArchive archive = package.Open();
        foreach (string dll in s_analyzers)
        {
            foreach ((string name, Version version) in ReferencesOf(archive.GetEntry("analyzers/dotnet/cs/" + dll)!))
            {
                Assert.Contains(name, s_hosted.Concat(s_analyzers.Select(Path.GetFileNameWithoutExtension)).Concat(dll == "Ryuso.CodeFixes.dll" ? s_edited : []));

                // A compiler older than the reference leaves the generator out and only warns.
                Assert.True(!name.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal) || version <= new Version(4, 14, 0, 0), $"{dll} references {name} {version}.");
            }
        }
    }

    [Theory]
    [InlineData("Ryuso", "Microsoft.Extensions.Logging.Abstractions")]
    [InlineData("Ryuso.Testing", "Ryuso")]
    public void It_depends_on_one_package_and_nothing_else(string name, string dependency)
    {
        using ZipArchive archive = package.Open(name: name);
        using Stream stream = archive.GetEntry($"{name}.nuspec")!.Open();
        XElement metadata = XDocument.Load(stream).Root!.Elements().Single();
        XNamespace ns = metadata.Name.Namespace;

        Assert.Equal([dependency], metadata.Descendants(ns + "dependency").Select(d => (string)d.Attribute("id")!));
        Assert.Equal("MIT", metadata.Element(ns + "license")!.Value);
        Assert.Equal("README.md", metadata.Element(ns + "readme")!.Value);
    }

    private static List<(string Name, Version Version)> ReferencesOf(ZipArchiveEntry dll)
    {
        using var bytes = new MemoryStream();
        using (Stream stream = dll.Open())
        {
            stream.CopyTo(bytes);
        }

        bytes.Position = 0;
        using var image = new PEReader(bytes);
        MetadataReader metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(metadata.GetAssemblyReference).Select(r => (metadata.GetString(r.Name), r.Version))];
    }
}
