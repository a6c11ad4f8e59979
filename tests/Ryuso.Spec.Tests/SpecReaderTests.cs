using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Tests;

/// <summary>The model and the plans of specs without problems.</summary>
public sealed class SpecReaderTests
{
    [Fact]
    public void A_good_spec_becomes_its_model()
    {
        SpecModel model = SpecReader.Read(CorpusCase.Good("every-key").Text).Model!;
        Assert.Equal(("My orchestrator-2", "my_orchestrator_2", "1.2.3"), (model.Name, model.ModuleName, model.Version));
        ProgramModel program = model.Programs[0];
        Assert.Equal(["hooks.a", "programs.q", "hooks.c"], program.Hooks.Select(h => h.ToString()));
        Assert.Equal(new ArgModel("i", SpecType.Int, null, "-9223372036854775808", Required: false), program.Args[1]);
        Assert.Equal("[1,[2],{\"a\":null}]", program.Args[3].Default);
        Assert.Equal(SpecType.String, program.Outputs[0].Type);
        Assert.Equal(["s", "i"], program.Key!.Value);
        Assert.False(program.IsHeldWhenStuck);
        Assert.Empty(model.Programs[1].Key!.Value);
        HookModel hook = model.Hooks[0];
        Assert.Equal(("Quotes \" and \\ and é.", 3, 0, 1000, true), (hook.Description, hook.Attempts, hook.RetryDelayMs, hook.TimeoutMs, hook.RectifySelf));
        Assert.Equal(["programs.q", "hooks.b"], hook.Rectifiers.Select(r => r.ToString()));
        Assert.Null(model.Hooks[1].Outputs);
    }

    [Fact]
    public void Keys_of_programs_become_lists_and_are_held_unless_the_program_says_otherwise()
    {
        SpecModel model = SpecReader.Read(CorpusCase.Good("keys").Text).Model!;
        Assert.Equal(
            [("transfer", "from,to", true), ("deposit", "to", true), ("pay_all", "accounts", true), ("lock", "name", true), ("statement", "", false)],
            model.Programs.Select(p => (p.Name, string.Join(',', p.Key!.Value), p.IsHeldWhenStuck)));
        ProgramModel alone = SpecReader.Read("""{"name":"t","programs":{"p":{"key":null,"hooks":[],"args":{},"outputs":{}}},"hooks":{}}""").Model!.Programs[0];
        Assert.Null(alone.Key);
        Assert.False(alone.IsHeldWhenStuck);
    }

    [Fact]
    public void Layout_and_comments_do_not_change_the_result()
    {
        string text = CorpusCase.Good("wallet").Text;
        SpecResult loose = SpecReader.Read(text.Replace("{", "{ // open\n", StringComparison.Ordinal).Replace("\n", "\r\n\t", StringComparison.Ordinal));
        SpecResult result = SpecReader.Read(text);
        Assert.Equal(result, loose);
        Assert.Equal(result.GetHashCode(), loose.GetHashCode());
        Assert.NotEqual(result, SpecReader.Read(text.Replace("\"timeout_ms\": 10000", "\"timeout_ms\": 10001", StringComparison.Ordinal)));
    }

    [Fact]
    public void Old_Macintosh_line_ends_and_a_byte_order_mark_are_counted_right()
    {
        Problem problem = Assert.Single(SpecReader.Read("\uFEFF{\"name\":\"t\",\r \"programs\":{},\r\r  \"hooks\":{}, \"hoks\":{}}").Problems);
        Assert.Equal((3, 14, 6), (problem.Span.Line, problem.Span.Column, problem.Span.Length));
    }

    [Fact]
    public void A_plan_lists_dependencies_before_their_hook_and_brackets_nested_programs()
    {
        SpecResult result = SpecReader.Read("""
            {"name":"t","programs":{"p":{"hooks":["a","programs.q"],"args":{},"outputs":{}},"q":{"hooks":["b"],"args":{},"outputs":{}}},
             "hooks":{"a":{"reference":"t.a","args":{},"dependencies":["b","programs.q"]},"b":{"reference":"t.b","args":{}}}}
            """);
        Assert.Equal(
            [
                new(PlanOpKind.EnterHook, 0, false),
                new(PlanOpKind.EnterHook, 1, true), new(PlanOpKind.InvokeHook, 1, true),
                new(PlanOpKind.EnterProgram, 1, true), new(PlanOpKind.EnterHook, 1, true), new(PlanOpKind.InvokeHook, 1, true), new(PlanOpKind.ExitProgram, 1, true),
                new(PlanOpKind.InvokeHook, 0, false),
                new(PlanOpKind.EnterProgram, 1, false), new(PlanOpKind.EnterHook, 1, false), new(PlanOpKind.InvokeHook, 1, false), new(PlanOpKind.ExitProgram, 1, false),
            ],
            result.Plans[0].Steps);
    }

    [Fact]
    public void The_way_back_of_a_hook_has_a_line_for_each_rectifier()
    {
        SpecResult result = SpecReader.Read("""
            {"name":"t","programs":{"p":{"hooks":["a"],"args":{},"outputs":{}},"q":{"hooks":["b"],"args":{},"outputs":{}}},
             "hooks":{"a":{"reference":"t.a","args":{},"rectifiers":["b","programs.q"]},"b":{"reference":"t.b","args":{}}}}
            """);
        Assert.Equal([2, 4], result.Reversals[0].Rectifiers.Select(r => r.Count));
        Assert.Empty(result.Reversals[1].Rectifiers);
    }

    [Fact]
    public void A_plan_of_exactly_the_longest_length_is_made_and_one_step_more_is_not()
    {
        Assert.Equal(10_000, Repeated(5_000).Plans[0].Steps.Count);
        Assert.Equal("RYU112", Assert.Single(Repeated(5_001).Problems).Code);

        static SpecResult Repeated(int times) => SpecReader.Read(
            """{"name":"t","programs":{"p":{"hooks":[HOOKS],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"t.a","args":{}}}}"""
                .Replace("HOOKS", string.Join(',', Enumerable.Repeat("\"a\"", times)), StringComparison.Ordinal));
    }

    [Fact]
    public void A_cycle_of_thousands_is_told_in_a_message_that_can_be_read()
    {
        SpecResult result = SpecReader.Read(Chain(3_000, last: "\"h0\""));
        Problem problem = Assert.Single(result.Problems);
        Assert.Equal("RYU106", problem.Code);
        Assert.Contains("hooks.h0 → hooks.h1 → ", problem.Message, StringComparison.Ordinal);
        Assert.Contains("… 2951 more …", problem.Message, StringComparison.Ordinal);
        Assert.InRange(problem.Message.Length, 100, 1_000);
    }

    [Theory]
    [InlineData(5_000)]
    [InlineData(20_000)]
    public void A_deep_chain_of_dependencies_does_not_overflow_the_stack(int hooks)
    {
        var thread = new Thread(() => SpecReader.Read(Chain(hooks, last: "")), maxStackSize: 128 * 1024);
        thread.Start();
        thread.Join();
        Assert.Equal(hooks <= 5_000, !SpecReader.Read(Chain(hooks, last: "")).HasErrors);
    }

    private static string Chain(int hooks, string last) =>
        $$"""{"name":"t","programs":{"p":{"hooks":["h0"],"args":{},"outputs":{} } },"hooks":{ {{string.Join(',', Enumerable.Range(0, hooks).Select(i => $$"""
        "h{{i}}":{"reference":"t.x.h{{i}}","args":{},"dependencies":[{{(i < hooks - 1 ? $"\"h{i + 1}\"" : last)}}]}
        """))}} } }""";
}
