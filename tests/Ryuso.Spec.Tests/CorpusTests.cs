using System.Reflection;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Tests;

/// <summary>Every rule: its code, its place and its whole message; and specs about which nothing must be said.</summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Good => [.. CorpusCase.GoodNames];

    public static TheoryData<string> Bad => [.. CorpusCase.BadNames];

    [Theory]
    [MemberData(nameof(Good))]
    public void Nothing_is_said_about_a_good_spec(string name)
    {
        SpecResult result = SpecReader.Read(CorpusCase.Good(name).Text);
        Assert.Equal("", CorpusCase.Describe(result.Problems));
        Assert.Equal(result.Model!.Programs.Select(p => p.Name), result.Plans.Select(p => p.Program));
        Assert.Equal(result.Model.Hooks.Select(h => h.Name), result.Reversals.Select(r => r.Hook));
        Assert.False(result.Model.IsPartial);
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Exactly_what_is_wrong_is_said_about_a_bad_spec(string name)
    {
        string said = CorpusCase.Describe(SpecReader.Read(CorpusCase.Bad(name).Text).Problems);
        string expected = CorpusCase.Expected(name);
        if (said != expected)
        {
            CorpusCase.Receive(name, said);
        }

        Assert.Equal(expected, said);
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Every_message_names_its_path(string name) =>
        Assert.All(SpecReader.Read(CorpusCase.Bad(name).Text).Problems, p => Assert.StartsWith(p.Path.Length == 0 ? "" : p.Path + ": ", p.Message, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Bad))]
    public void Every_case_shows_the_code_that_it_is_named_for(string name) =>
        Assert.True(!name.StartsWith("RYU", StringComparison.Ordinal) || SpecReader.Read(CorpusCase.Bad(name).Text).Problems.Any(p => p.Code == name[..6]));

    [Fact]
    public void Every_code_of_the_catalogue_has_a_case()
    {
        IEnumerable<string> codes = typeof(ProblemCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);
        HashSet<string> shown = [.. CorpusCase.BadNames.SelectMany(n => SpecReader.Read(CorpusCase.Bad(n).Text).Problems).Select(p => p.Code)];
        Assert.Empty(codes.Except(shown));
    }
}
