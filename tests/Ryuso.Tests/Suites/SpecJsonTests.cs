using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Spec;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Tests.Suites;

/// <summary>The spec's reader takes what JSON is, with comments and trailing commas, and nothing else; and it never throws.</summary>
public sealed class SpecJsonTests
{
    // What a spec may have beyond JSON.
    private static readonly HashSet<string> s_lenient =
    [
        "1 // x", "1 /* x */", "/* x */ 1", "/**/", "[1,]", "[1/*x*/]", "[1,//x\n2]", "{\"a\":1,}", "{\"a\":1/*x*/}",
    ];

    [Fact]
    public void Default_of_the_grammar_of_numbers_is_taken_and_keeps_its_digits()
    {
        foreach (string number in JsonValues.Numbers)
        {
            Assert.Equal($"[{number}]", Default("list", $"[{number}]"));
        }
    }

    [Fact]
    public void Default_that_is_no_JSON_is_a_problem_at_its_place()
    {
        foreach (string text in JsonValues.NotNumbers.Concat(JsonValues.NotValues).Concat(JsonValues.NotStrings).Where(t => !s_lenient.Contains(t)))
        {
            Assert.True(Read("list", $"[{text}]").Problems.Any(p => p.Severity == ProblemSeverity.Error) || IsJson($"[{text}]"), $"[{text}] was taken.");
        }
    }

    [Fact]
    public void Comments_and_trailing_commas_are_taken()
    {
        foreach (string text in s_lenient)
        {
            Assert.DoesNotContain(Read("list", $"[{text}\n]").Problems, p => p.Severity == ProblemSeverity.Error);
        }
    }

    [Fact]
    public void Default_string_is_the_same_string_however_it_is_escaped()
    {
        foreach (string text in JsonValues.Strings())
        {
            foreach (string json in (string[])[JsonValues.Raw(text), JsonValues.Escaped(text), JsonValues.Short(text)])
            {
                if (json.Contains('\uFFFD', StringComparison.Ordinal))
                {
                    // As it stands it says that the file was no UTF-8.
                    Assert.Contains(Read("list", $"[{json}]").Problems, p => p.Message.StartsWith("The spec is not UTF-8", StringComparison.Ordinal));
                    continue;
                }

                Assert.Equal(text, (string?)JsonNode.Parse(Default("list", $"[{json}]")!)![0]);
                Assert.Equal(text, JsonNode.Parse(Default("dict", $"{{{json}:1}}")!)!.AsObject().Single().Key);
            }
        }
    }

    [Fact]
    public void Each_prefix_of_a_spec_has_problems_and_none_ends_the_reader()
    {
        string whole = Spec("list", "[1.5e3,\"\\u0041\\n\",null,true,{\"😀\":-0.0}]");
        Assert.DoesNotContain(SpecReader.Read(whole).Problems, p => p.Severity == ProblemSeverity.Error);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Contains(SpecReader.Read(whole[..length]).Problems, p => p.Severity == ProblemSeverity.Error);
        }
    }

    private static bool IsJson(string text)
    {
        try
        {
            JsonNode.Parse(text)!.ToJsonString();
            return true;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string? Default(string type, string value)
    {
        SpecResult result = Read(type, value);
        Assert.True(result.Problems.All(p => p.Severity != ProblemSeverity.Error), $"{value}: {string.Join(' ', result.Problems.Select(p => p.Message))}");
        return result.Model!.Programs[0].Args[0].Default;
    }

    private static SpecResult Read(string type, string value) => SpecReader.Read(Spec(type, value));

    private static string Spec(string type, string value) =>
        
        "{\"name\":\"t\",\"hooks\":{},\"programs\":{\"p\":{\"description\":\"d\",\"hooks\":[],\"outputs\":{},\"args\":{\"v\":{\"type\":\"" + type + "\",\"required\":false,\"default\":" + value + "}}}}}";
}
