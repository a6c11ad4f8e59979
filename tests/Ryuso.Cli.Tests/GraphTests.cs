using System.Globalization;
using System.Xml.Linq;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary><c>ryuso graph</c>: what can be held to without eyes.</summary>
public sealed class GraphTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    /// <summary>All but the one without programs.</summary>
    public static TheoryData<string> GoodSpecs =>
        [.. Directory.GetFiles(Repository.File("tests/Ryuso.Spec.Tests/Corpus/good"), "*.ryu.json").Where(f => !f.EndsWith("smallest.ryu.json", StringComparison.Ordinal)).Select(f => Path.GetRelativePath(Repository.Root, f)), "samples/Wallet/ryu_spec.json"];

    /// <summary>Where it differs: <c>ryuso graph transfer --spec samples/Wallet/ryu_spec.json -o samples/Wallet/transfer.svg</c>.</summary>
    [Fact]
    public async Task Picture_in_the_readme_is_what_the_tool_draws_now()
    {
        using var folder = new TemporaryFolder();
        Tool tool = await Tool.RunAsync(
            folder.FullPath, "graph", "transfer", "--spec", Path.Combine(Tool.Wallet, "ryu_spec.json"), "-o", "transfer.svg");
        Assert.Equal(0, tool.ExitCode);
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(folder.FullPath, "transfer.svg"), TestContext.Current.CancellationToken),
            await File.ReadAllTextAsync(Repository.File("samples/Wallet/transfer.svg"), TestContext.Current.CancellationToken));
        Assert.Contains("(samples/Wallet/transfer.svg)", await File.ReadAllTextAsync(Repository.File("README.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(GoodSpecs))]
    public async Task Every_shape_lies_within_the_picture_and_nothing_comes_from_outside(string spec)
    {
        Tool tool = await Tool.RunAsync(Repository.Root, "graph", "--spec", spec);
        XElement picture = XDocument.Parse(tool.Output).Root!;
        double[] box = [.. ((string)picture.Attribute("viewBox")!).Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture))];
        foreach (XElement rect in picture.Elements(s_svg + "rect"))
        {
            Assert.InRange(Number(rect, "x"), 0, box[2] - Number(rect, "width"));
            Assert.InRange(Number(rect, "y"), 0, box[3] - Number(rect, "height"));
        }

        Assert.All(picture.Elements(s_svg + "text"), t => Assert.InRange(Number(t, "y"), 0, box[3]));
        Assert.DoesNotContain("url(", tool.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("href", tool.Output, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_numbers_run_down_the_line_and_each_rectifier_stands_beside_its_step()
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "graph", "transfer");
        XElement picture = XDocument.Parse(tool.Output).Root!;
        List<(int Step, double Y)> steps = [.. Texts(picture, "number", "minor").Select(t => (int.Parse(t.Value, CultureInfo.InvariantCulture), Number(t, "y")))];
        Assert.Equal(Enumerable.Range(1, 8), steps.OrderBy(s => s.Y).Select(s => s.Step));
        Dictionary<string, double> undone = Texts(picture, "undone").ToDictionary(t => t.Nodes().OfType<XText>().Last().Value, t => Number(t, "y"));
        Assert.Equal(["↩ undo_debit", "↩ undo_credit"], undone.Keys);
        Assert.InRange(undone["↩ undo_debit"] - steps[4].Y, -5, 5);
        Assert.InRange(undone["↩ undo_credit"] - steps[6].Y, -5, 5);
    }

    [Fact]
    public async Task Mermaid_has_the_line_forward_and_the_way_back()
    {
        Tool tool = await Tool.RunAsync(Tool.Wallet, "graph", "deposit", "--format", "mermaid");
        Assert.Equal(
            """
            flowchart TB
              subgraph p1["deposit"]
                p1s(["takes to string, amount int<br/>holds to"])
                p1n1["1 begin"]
                p1n2["2 check_amount"]:::dependency
                p1n3["3 find_to"]:::dependency
                p1n4["4 deposit"]
                p1n5["5 notify"]
                p1e(["gives tx string, to_balance int"])
                p1s --> p1n1
                p1n1 --> p1n2
                p1n2 --> p1n3
                p1n3 --> p1n4
                p1n4 --> p1n5
                p1n5 --> p1e
                p1n4r["undo_deposit"]:::rectifier
                p1n4 -.- p1n4r
              end
              classDef dependency stroke-dasharray:2 3
              classDef rectifier stroke:#b45309,stroke-width:2px

            """,
            tool.Output);
    }

    [Theory]
    [InlineData("out.svg", "<svg ")]
    [InlineData("out.mmd", "flowchart TB")]
    [InlineData("out.dot", "digraph ryuso {")]
    public async Task The_outputs_name_chooses_the_format(string name, string beginning)
    {
        using var folder = new TemporaryFolder();
        Tool tool = await Tool.RunAsync(folder.FullPath, "graph", "transfer", "--spec", Path.Combine(Tool.Wallet, "ryu_spec.json"), "-o", name);
        Assert.Equal((0, ""), (tool.ExitCode, tool.Output));
        Assert.StartsWith(beginning, await File.ReadAllTextAsync(folder.File(name), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static IEnumerable<XElement> Texts(XElement picture, params string[] styles) =>
        picture.Elements(s_svg + "text").Where(t => styles.Contains((string)t.Attribute("class")!));

    private static double Number(XElement shape, string name) => double.Parse((string)shape.Attribute(name)!, CultureInfo.InvariantCulture);
}
