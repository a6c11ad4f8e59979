using System.Numerics;
using System.Text.Json.Nodes;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Tests;

/// <summary>The JSON schema for editors says what the validator says, as far as a schema can.</summary>
public sealed class SchemaTests
{
    private static readonly string s_text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "ryu_spec.schema.json"));
    private static readonly JsonSchema s_schema = JsonSchema.FromJsonAsync(s_text).GetAwaiter().GetResult();

    public static TheoryData<string> Good => [.. CorpusCase.GoodNames];

    /// <summary>What is no JSON is not the schema's to judge.</summary>
    public static TheoryData<string> Bad => [.. CorpusCase.BadNames.Where(n => !SpecReader.Read(CorpusCase.Bad(n).Text).Problems.Any(p => p.Code == ProblemCodes.Syntax))];

    [Theory]
    [MemberData(nameof(Good))]
    public void The_schema_accepts_what_the_validator_accepts(string name) =>
        Assert.Empty(Refusals(CorpusCase.Good(name).Text));

    [Theory]
    [MemberData(nameof(Bad))]
    public void The_schema_refuses_what_the_validator_refuses_unless_the_case_says_that_it_cannot(string name)
    {
        CorpusCase bad = CorpusCase.Bad(name);
        Assert.Equal(bad.SchemaMustRefuse, Refusals(bad.Text).Any());
    }

    [Fact]
    public void The_schema_refuses_each_name_that_the_engine_owns() => Assert.All(ReservedNames.All, name => Assert.NotEmpty(Refusals(
        """{"name":"T","programs":{"p":{"hooks":[],"args":{"NAME":{"type":"int","required":true}},"outputs":{}}},"hooks":{}}""".Replace("NAME", name, StringComparison.Ordinal))));

    [Fact]
    public void Every_key_of_the_schema_has_a_description()
    {
        List<string> silent = [];
        Visit(JsonNode.Parse(s_text)!, "");
        Assert.Empty(silent);

        void Visit(JsonNode? node, string path)
        {
            foreach ((string key, JsonNode? value) in node as JsonObject ?? [])
            {
                if (key == "properties" && !path.Contains("anyOf", StringComparison.Ordinal))
                {
                    silent.AddRange(value!.AsObject().Where(p => p.Value!["description"] is null).Select(p => path + "/" + p.Key));
                }

                Visit(value, path + "/" + key);
            }
        }
    }

    private static IEnumerable<string> Refusals(string spec)
    {
        using var reader = new JsonTextReader(new StringReader(spec)) { DateParseHandling = DateParseHandling.None, MaxDepth = null };
        JToken token = JToken.Load(reader, new JsonLoadSettings { CommentHandling = CommentHandling.Ignore });
        return s_schema.Validate(AsDraft7Counts(token)).Select(e => e.ToString());
    }

    /// <summary>Integers as draft 7 has them: 1.0 and 1e3 are some too, and there is none that is too long to be read.</summary>
    private static JToken AsDraft7Counts(JToken token)
    {
        foreach (JValue number in token.SelectTokens("$..*").OfType<JValue>().ToList())
        {
            if (number.Value is double value && double.IsInteger(value) && Math.Abs(value) < 1e15)
            {
                number.Value = (long)value;
            }
            else if (number.Value is BigInteger tooLong)
            {
                number.Value = (double)tooLong;
            }
        }

        return token;
    }
}
