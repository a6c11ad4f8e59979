using System.Text.Json.Nodes;
using Ryuso.TestKit;

namespace Ryuso.Package.Tests;

public sealed class BuildFilesTests(PackedRyuso package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public async Task Specs_are_found_by_name_at_any_depth_but_not_in_what_was_built_and_are_watched()
    {
        _consumer.WriteProject("Many/Many.csproj", "", _consumer.Reference, """<AdditionalFiles Include="other.json" RyusoSpec="true" />""");
        string[] specs = ["deep/er/ryu_spec.json", "deep/two.ryu.json", "other.json", "ryu_spec.json"];
        foreach (string path in specs.Concat(["obj/x/ryu_spec.json", "bin/ryu_spec.json", "deep/bin/a.ryu.json", ".hidden/a.ryu.json", "deep/unrelated.json",
            "out/ryu_spec.json", "out/b.ryu.json", "out/Many.deps.json", "deep/out/ryu_spec.json", "deep/out/Many.deps.json", "Many.deps.json"]))
        {
            _consumer.Write("Many/" + path, "{}");
        }

        Command restored = await _consumer.DotnetAsync("restore", "Many/Many.csproj");
        Assert.True(restored.ExitCode == 0, restored.Output);
        Command evaluated = await _consumer.DotnetAsync("msbuild", "Many/Many.csproj", "-getItem:AdditionalFiles", "-getItem:Watch");
        JsonNode items = JsonNode.Parse(evaluated.Output)!["Items"]!;

        Assert.Equal(specs, NamesIn(items["AdditionalFiles"]!));
        Assert.Equal(specs, NamesIn(items["Watch"]!));
    }

    [Fact]
    public async Task A_spec_that_is_not_given_to_the_compiler_is_told_and_can_be_meant()
    {
        _consumer.WriteProject("Lost/Lost.csproj", "", _consumer.Reference, """<AdditionalFiles Remove="ryu_spec.json" />""");
        _consumer.WriteShop("Lost");
        File.Delete(_consumer.File("Lost/Desk.cs"));

        Command told = await _consumer.DotnetAsync("build", "Lost/Lost.csproj");
        Command meant = await _consumer.DotnetAsync("build", "Lost/Lost.csproj", "-p:EnableDefaultRyusoItems=false", "-p:RyusoExpectsSpec=false");

        Assert.Contains("ryu_spec.json : warning RYU301: The spec is not given to the compiler, so nothing is generated from it.", told.Output, StringComparison.Ordinal);
        Assert.Contains("RYU902: The project uses the package Ryuso but has no spec", told.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("RYU", meant.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_schema_lies_in_obj_so_that_a_spec_can_name_it_and_a_second_build_leaves_it_alone()
    {
        _consumer.WriteProject("Shop/Shop.csproj", "", _consumer.Reference);
        _consumer.WriteShop("Shop");
        _consumer.Write("Shop/ryu_spec.json", Readme.Block("A spec", "json").Replace("\"name\": \"Shop\",", "\"$schema\": \"obj/ryu_spec.schema.json\", \"name\": \"Shop\",", StringComparison.Ordinal));
        string copy = _consumer.File("Shop/obj/ryu_spec.schema.json");

        await _consumer.BuildAsync("Shop/Shop.csproj");
        Assert.Equal(TextOf(Repository.File("src/Ryuso/Schema/ryu_spec.schema.json")), TextOf(copy));
        DateTime first = File.GetLastWriteTimeUtc(copy);
        await _consumer.BuildAsync("Shop/Shop.csproj");

        Assert.Equal(first, File.GetLastWriteTimeUtc(copy));
    }

    private static string? TextOf(string file) => File.Exists(file) ? File.ReadAllText(file) : null;

    private static IEnumerable<string> NamesIn(JsonNode items) =>
        items.AsArray().Select(item => (string)item!["Identity"]!).Order(StringComparer.Ordinal);
}
