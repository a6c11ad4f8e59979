using Ryuso.Spec.Model;

namespace Ryuso.Spec.Tests;

/// <summary>What is broken takes nothing healthy with it.</summary>
public sealed class PartialModelTests
{
    [Fact]
    public void What_reaches_something_broken_is_broken_and_the_rest_has_its_plans()
    {
        SpecResult result = Read(
            programs: """ "good": { "hooks": ["good"], "args": {}, "outputs": {} }, "uses": { "hooks": ["user"], "args": {}, "outputs": {} }, "nests": { "hooks": ["programs.uses"], "args": {}, "outputs": {} } """,
            hooks: """
                "good": { "reference": "t.x.good", "args": {} },
                "user": { "reference": "t.x.user", "args": {}, "rectifiers": ["broken"] },
                "broken": { "reference": "t.x.broken", "args": { "n": { "type": "itn", "required": true } } }
                """);
        Assert.Equal("RYU103", Assert.Single(result.Problems).Code);
        Assert.Equal([false, true, true], result.Model!.Programs.Select(p => p.IsBroken));
        Assert.Equal([false, true, true], result.Model.Hooks.Select(h => h.IsBroken));
        Assert.Equal(["good"], result.Plans.Select(p => p.Program));
        Assert.Equal(["good"], result.Reversals.Select(r => r.Hook));
        Assert.False(result.Model.IsPartial);
    }

    [Theory]
    [InlineData("""{ "type": "itn", "required": true }""", SpecType.Int, true)]
    [InlineData("""{ "type": "boolean", "required": false }""", SpecType.Bool, false)]
    [InlineData("""{ "type": "???", "required": true, "default": 1.5 }""", SpecType.Float, true)]
    [InlineData("""{ "default": [] }""", SpecType.List, false)]
    [InlineData("""{ "type": "int", "required": true, "default": "x" }""", SpecType.Int, true)]
    [InlineData(""" "dict" """, SpecType.Dict, true)]
    [InlineData("""{ "typ": "dict", "requried": false }""", SpecType.Dict, false)]
    public void A_broken_argument_keeps_the_shape_that_was_probably_meant(string arg, SpecType type, bool required)
    {
        SpecResult result = Read("", $$""" "a": { "reference": "t.x.a", "args": { "n": {{arg}} } } """);
        Assert.NotEmpty(result.Problems);
        HookModel hook = Assert.Single(result.Model!.Hooks);
        Assert.True(hook.IsBroken);
        Assert.Equal(("n", type, required), (hook.Args[0].Name, hook.Args[0].Type, hook.Args[0].Required));
    }

    [Fact]
    public void A_mistyped_key_is_read_as_what_was_meant()
    {
        SpecResult result = Read("", """ "a": { "refrence": "t.x.a", "agrs": { "n": { "type": "int", "required": true } } } """);
        Assert.Equal(["RYU101", "RYU101"], result.Problems.Select(p => p.Code));
        Assert.Equal(("t.x.a", "n"), (result.Model!.Hooks[0].Reference, result.Model.Hooks[0].Args[0].Name));
    }

    [Theory]
    [InlineData(""" "a": { "reference": "..", "args": {} } """)]
    [InlineData(""" "a": { "args": {} } """)]
    [InlineData(""" "a": [] """)]
    [InlineData(""" "b": { "reference": "t.x.a", "args": {} }, "a": { "reference": "t.x.a", "args": {} } """)]
    [InlineData(""" "A": { "reference": "t.x.b", "args": {} }, "a": { "reference": "t.x.a", "args": {} } """)]
    public void A_hook_without_a_name_of_its_own_is_left_out_and_the_model_says_so(string hooks)
    {
        SpecResult result = Read(""" "p": { "hooks": ["a"], "args": { "n": { "type": "int", "required": true } }, "outputs": {} } """, hooks);
        Assert.Single(result.Problems);
        Assert.True(result.Model!.IsPartial);
        Assert.DoesNotContain(result.Model.Hooks, h => h.Name == "a");
        Assert.True(Assert.Single(result.Model.Programs).IsBroken);
        Assert.Single(result.Model.Programs[0].Args);
    }

    [Fact]
    public void Steps_count_hooks_as_the_model_does()
    {
        SpecResult result = Read(
            """ "p": { "hooks": ["c"], "args": {}, "outputs": {} } """,
            """ "gone": {}, "broken": { "reference": "t.x.b", "args": 1 }, "c": { "reference": "t.x.c", "args": {} } """);
        Assert.Equal("c", result.Model!.Hooks[result.Plans[0].Steps[0].Index].Name);
    }

    [Fact]
    public void A_syntax_error_in_one_hook_leaves_the_others_whole()
    {
        SpecResult result = Read(
            """ "p": { "hooks": ["b"], "args": {}, "outputs": {} } """,
            """ "a": { "reference" "t.x.a", "args": {} }, "b": { "reference": "t.x.b", "args": {} } """);
        Assert.Equal("RYU001", Assert.Single(result.Problems).Code);
        Assert.Equal([true, false], result.Model!.Hooks.Select(h => h.IsBroken));
        Assert.Single(result.Plans);
    }

    [Fact]
    public void A_lost_hook_makes_no_second_error_of_each_reference_to_it()
    {
        SpecResult result = Read(""" "p": { "hooks": ["a", "b"], "args": {}, "outputs": {} } """, """ "a" ; { }, "b": { "reference": "t.x.b", "args": {} } """);
        Assert.All(result.Problems, p => Assert.Equal("RYU001", p.Code));
        Assert.True(result.Model!.IsPartial);
    }

    [Fact]
    public void A_missing_brace_is_one_error_and_loses_nothing()
    {
        SpecResult result = SpecReader.Read(CorpusCase.Bad("RYU001-unclosed-brace").Text);
        Assert.Equal(["a", "b"], result.Model!.Hooks.Select(h => h.Name));
    }

    [Fact]
    public void A_missing_brace_with_its_comma_is_one_error_too()
    {
        string text = CorpusCase.Good("wallet").Text;
        SpecResult result = SpecReader.Read(text.Replace("\"rectifiers\": [\"hooks.undo_credit\"]\n    },", "\"rectifiers\": [\"hooks.undo_credit\"]", StringComparison.Ordinal));
        Assert.Contains("Add '},' before line ", Assert.Single(result.Problems).Message, StringComparison.Ordinal);
        Assert.Equal(SpecReader.Read(text).Model!.Hooks.Select(h => h.Name), result.Model!.Hooks.Select(h => h.Name));
    }

    [Fact]
    public void A_reference_with_a_dot_too_many_still_leads_to_its_method() =>
        Assert.Equal("t.x.a", Read("", """ "a": { "reference": "t..x.a", "args": {} } """).Model!.Hooks[0].Reference);

    [Fact]
    public void Flow_errors_break_nothing_since_they_can_be_turned_off()
    {
        SpecResult result = SpecReader.Read(CorpusCase.Bad("RYU120-nobody-provides").Text);
        Assert.True(result.HasErrors);
        Assert.Equal(2, result.Plans.Count);
        Assert.DoesNotContain(result.Model!.Programs, p => p.IsBroken);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("""{ "name": "!", "programs": {}, "hooks": {} }""")]
    public void Without_a_usable_name_there_is_no_model(string text) => Assert.Null(SpecReader.Read(text).Model);

    private static SpecResult Read(string programs, string hooks) =>
        SpecReader.Read($$"""{ "name": "T", "programs": { {{programs}} }, "hooks": { {{hooks}} } }""");
}
