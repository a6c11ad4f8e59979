using System.Text;
using System.Text.Json.Nodes;
using Ryuso.Protocol;
using Ryuso.TestKit;

namespace Ryuso.Tests.Wire;

/// <summary>What <c>describe</c> answers.</summary>
public sealed class SpecDescriptionTests
{
    [Theory]
    [InlineData("\"key\": [\"from\", \"to\"],", """["from","to"]""", "hold")]
    [InlineData("\"key\": \"from\", \"when_stuck\": \"go_on\",", """["from"]""", "go_on")]
    [InlineData("\"key\": [],", "[]", "hold")]
    [InlineData("", null, null)]
    public void Program_is_described_with_what_it_holds(string key, string? expected, string? whenStuck)
    {
        string spec = "{ \"name\": \"Bank\", \"programs\": { \"move\": { " + key + """
             "hooks": [], "args": { "from": { "type": "string", "required": true }, "to": { "type": "int", "required": true } }, "outputs": {} } }, "hooks": {} }
            """;
        JsonNode answer = JsonNode.Parse(Encoding.UTF8.GetString(SpecDescription.Of(SpecDefinitions.Compile(spec), null)))!;
        JsonNode program = answer["programs"]!["move"]!;
        Assert.Equal((expected, whenStuck), (program["key"]?.ToJsonString(), (string?)program["when_stuck"]));
    }
}
