using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;

namespace Ryuso.Spec.Tests;

/// <summary>What a spec may say, and where its problems are told.</summary>
public sealed class SpecReaderTests
{
    [Fact]
    public void A_good_spec_with_comments_and_trailing_commas_has_no_problems()
    {
        SpecResult result = SpecReader.Read(Spec("""{"a":{"reference":"t.x.a","args":{"n":{"type":"str","required":false,"default":"é\n"},},},} // end"""));
        Assert.Empty(result.Problems);
        Assert.Equal(ArgType.String, result.Model!.Hooks[0].Args[0].Type);
        Assert.Equal("\"é\\u000a\"", result.Model.Hooks[0].Args[0].Default);
    }

    [Theory]
    [InlineData("""{"a":{"reference":"t.a","args":{},"depndencies":[]}}""", "RYU101", "hooks.a.depndencies", "Did you mean 'dependencies'?")]
    [InlineData("""{"a":{"reference":"t.a"}}""", "RYU102", "hooks.a.args", "lacks the required key 'args'")]
    [InlineData("""{"a":{"reference":7,"args":{}}}""", "RYU103", "hooks.a.reference", "must be a string, not a number")]
    [InlineData("""{"a":{"reference":"t.a","args":{"n":{"type":"itn","required":true}}}}""", "RYU103", "hooks.a.args.n.type", "Did you mean 'int'?")]
    [InlineData("""{"a":{"reference":"t.a","args":{"n":{"type":"int","required":true,"default":1.0}}}}""", "RYU104", "hooks.a.args.n.default", "must be an integer")]
    [InlineData("""{"a":{"reference":"t.a","args":{"n":{"type":"int","required":true,"default":9223372036854775808}}}}""", "RYU104", "hooks.a.args.n.default", "within 64 bits")]
    [InlineData("""{"a":{"reference":"t.a","args":{},"rectifiers":["hooks.aa"]}}""", "RYU105", "hooks.a.rectifiers[0]", "Did you mean 'hooks.a'?")]
    [InlineData("""{"a":{"reference":"t.a","args":{},"dependencies":["b"]},"b":{"reference":"t.b","args":{},"rectifiers":["a"]}}""", "RYU106", "hooks.a", "hooks.a → hooks.b → hooks.a")]
    [InlineData("""{"a":{"reference":"t.a","args":{}},"1b":{"reference":"t.b","args":{}}}""", "RYU107", "hooks.1b", "must begin with a letter")]
    [InlineData("""{"a":{"reference":"t.a","args":{"tx_id":{"type":"int","required":true},"txId":{"type":"int","required":true}}}}""", "RYU108", "hooks.a.args.txId", "TxId")]
    [InlineData("""{"a":{"reference":"t..a","args":{}}}""", "RYU109", "hooks.a.reference", "names joined by dots")]
    [InlineData("""{"a":{"reference":"t.a","args":{},"retry":{"attempts":0,"delay_ms":0}}}""", "RYU110", "hooks.a.retry.attempts", "at least 1")]
    [InlineData("""{"a":{"reference":"t.a","args":{},"outputs":{"_run_id":{"type":"string","required":true}}}}""", "RYU111", "hooks.a.outputs._run_id", "engine owns")]
    public void Each_rule_tells_its_code_path_and_remedy(string hooks, string code, string path, string words)
    {
        Problem problem = Assert.Single(SpecReader.Read(Spec(hooks)).Problems);
        Assert.Equal(code, problem.Code);
        Assert.Equal(path, problem.Path);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_problem_stands_at_its_own_line_and_column()
    {
        Problem problem = Assert.Single(SpecReader.Read("{\"name\":\"t\",\n \"programs\":{},\n  \"hooks\":{}, \"hoks\":{}}").Problems);
        Assert.Equal((2, 14, 6), (problem.Span.Line, problem.Span.Column, problem.Span.Length));
    }

    [Fact]
    public void A_duplicate_key_names_the_line_of_the_first()
    {
        Problem problem = Assert.Single(SpecReader.Read("{\"name\":\"t\",\n\"programs\":{},\n\"hooks\":{},\"name\":\"u\"}").Problems);
        Assert.Equal("RYU002", problem.Code);
        Assert.Contains("line 1", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_of_a_file_come_at_once()
    {
        SpecResult result = SpecReader.Read("""{"name":"t!","programs":{"p":{"hooks":["x"],"args":{}}},"hooks":{"a":{"args":[]}}}""");
        Assert.Equal(["RYU107", "RYU102", "RYU105", "RYU102", "RYU103"], result.Problems.Select(p => p.Code));
        Assert.Null(result.Model);
    }

    [Fact]
    public void A_plan_lists_dependencies_before_their_hook_and_brackets_nested_programs()
    {
        SpecResult result = SpecReader.Read("""
            {"name":"t","programs":{"p":{"hooks":["a","programs.q"],"args":{},"outputs":{}},"q":{"hooks":["b"],"args":{},"outputs":{}}},
             "hooks":{"a":{"reference":"t.a","args":{},"dependencies":["b"]},"b":{"reference":"t.b","args":{}}}}
            """);
        Assert.Equal(
            [
                new(PlanStepKind.EnterHook, 0, false), new(PlanStepKind.EnterHook, 1, true), new(PlanStepKind.InvokeHook, 1, true), new(PlanStepKind.InvokeHook, 0, false),
                new(PlanStepKind.EnterProgram, 1, false), new(PlanStepKind.EnterHook, 1, false), new(PlanStepKind.InvokeHook, 1, false), new(PlanStepKind.ExitProgram, 1, false),
            ],
            result.Plans[0].Steps);
    }

    [Fact]
    public void A_plan_that_doubles_at_each_level_is_a_problem_and_not_an_endless_build()
    {
        string hooks = string.Join(',', Enumerable.Range(0, 60).Select(i => $$"""
            "h{{i}}":{"reference":"t.h{{i}}","args":{},"dependencies":[{{(i < 59 ? $"\"h{i + 1}\",\"h{i + 1}\"" : "")}}]}
            """));
        SpecResult result = SpecReader.Read($$"""{"name":"t","programs":{"p":{"hooks":["h0"],"args":{},"outputs":{} } },"hooks":{ {{hooks}} } }""");
        Assert.Equal("RYU112", Assert.Single(result.Problems).Code);
    }

    [Fact]
    public void No_prefix_of_a_spec_throws()
    {
        string spec = Spec("""{"a":{"reference":"t.a","args":{"n":{"type":"int","required":true,"default":-1.5e3}}}}""");
        Assert.All(Enumerable.Range(0, spec.Length - 1), length => Assert.NotEmpty(SpecReader.Read(spec[..length]).Problems));
    }

    [Theory]
    [InlineData("tx_id", "TxId")]
    [InlineData("GRC wallet", "GRCWallet")]
    [InlineData("my_orchestrator", "MyOrchestrator")]
    [InlineData("a-b c", "ABC")]
    public void Names_become_pascal_case(string name, string expected) => Assert.Equal(expected, SpecNaming.ToPascalCase(name));

    private static string Spec(string hooks) => $$"""
        { "name": "t", "programs": { "p": { "hooks": ["hooks.a"], "args": {}, "outputs": {} } }, "hooks": {{hooks}}
        """ + (hooks.EndsWith("end", StringComparison.Ordinal) ? "\n}" : "}");
}
