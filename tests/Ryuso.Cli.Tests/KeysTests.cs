using System.Net;
using System.Xml.Linq;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary>Plans and pictures of a spec with keys show what a run holds and what runs alone.</summary>
public sealed class KeysTests : IDisposable
{
    private const string Spec = """
        {
          "name": "Bank",
          "programs": {
            "transfer": { "key": ["from", "to"], "hooks": ["move"], "args": { "from": { "type": "string", "required": true }, "to": { "type": "int", "required": true } }, "outputs": {} },
            "note": { "key": "from", "when_stuck": "go_on", "hooks": ["move"], "args": { "from": { "type": "string", "required": true } }, "outputs": {} },
            "statement": { "key": [], "hooks": ["move"], "args": {}, "outputs": {} },
            "audit": { "hooks": ["move"], "args": {}, "outputs": {} }
          },
          "hooks": { "move": { "reference": "bank.desk.move", "args": {} } }
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public KeysTests() => File.WriteAllText(Path.Combine(_folder.FullPath, "ryu_spec.json"), Spec);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("transfer", "from, to")]
    [InlineData("note", "from (not when stuck)")]
    [InlineData("statement", "nothing: it runs beside any other but those that run alone")]
    [InlineData("audit", "everything: it runs alone")]
    public async Task Plan_and_pictures_show_what_a_run_holds(string program, string held)
    {
        Tool plan = await Tool.RunAsync(_folder.FullPath, "plan", program);
        Assert.Equal(held, plan.Output.Split('\n').Single(line => line.StartsWith("holds ", StringComparison.Ordinal))[5..].Trim());
        Tool svg = await Tool.RunAsync(_folder.FullPath, "graph", program);
        string texts = string.Join(' ', XDocument.Parse(svg.Output).Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value));
        Assert.Contains(" holds " + held, texts, StringComparison.Ordinal);
        Tool mermaid = await Tool.RunAsync(_folder.FullPath, "graph", program, "--format", "mermaid");
        Assert.Contains("<br/>holds " + WebUtility.HtmlEncode(held), mermaid.Output, StringComparison.Ordinal);
        Tool dot = await Tool.RunAsync(_folder.FullPath, "graph", program, "--format", "dot");
        Assert.Contains("\\nholds " + held + "\"", dot.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("transfer", """["from","to"]""", "hold")]
    [InlineData("note", """["from"]""", "go_on")]
    [InlineData("statement", "[]", "hold")]
    [InlineData("audit", null, "go_on")]
    public async Task Script_is_told_what_a_run_holds(string program, string? key, string whenStuck)
    {
        Tool plan = await Tool.RunAsync(_folder.FullPath, "plan", program, "--json");
        Assert.Equal((key, whenStuck), (plan.Json["key"]?.ToJsonString(), (string?)plan.Json["when_stuck"]));
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("graph")]
    public async Task Nothing_is_said_of_keys_where_the_spec_has_none(string command)
    {
        await File.WriteAllTextAsync(
            Path.Combine(_folder.FullPath, "ryu_spec.json"),
            """{ "name": "Bank", "programs": { "audit": { "hooks": ["move"], "args": {}, "outputs": {} } }, "hooks": { "move": { "reference": "bank.desk.move", "args": {} } } }""",
            TestContext.Current.CancellationToken);
        Tool tool = await Tool.RunAsync(_folder.FullPath, command, "audit");
        Assert.Equal(0, tool.ExitCode);
        Assert.DoesNotContain("holds", tool.Output, StringComparison.Ordinal);
    }
}
