using System.Diagnostics;
using System.Globalization;
using CsCheck;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Tests;

/// <summary>Whatever the text says, reading it ends soon, without an exception, and with a result that fits together.</summary>
public sealed class AnyTextTests
{
    private static readonly int s_count = int.Parse(Environment.GetEnvironmentVariable("RYUSO_MUTATED_SPECS") ?? "500", CultureInfo.InvariantCulture);

    private static readonly string[] s_tokens =
    [
        "{", "}", "[", "]", ",", ":", "\"", "'", "\n", " ", "\\", "//", "/*", "*/", "#", "\u0000", "\uFEFF", "\uD800", "\r", "\t", "é", "null", "true", "None", "1", "-1.5e3", "9223372036854775808",
        "\"name\"", "\"programs\"", "\"hooks\"", "\"args\"", "\"outputs\"", "\"reference\"", "\"type\"", "\"required\"", "\"default\"", "\"dependencies\"", "\"rectifiers\"",
        "\"retry\"", "\"int\"", "\"str\"", "\"hooks.a\"", "\"programs.p\"", "\"a\"", "\"_error\"", "\"_run_id\"", "\"t.x.a\"", "\"\"", "\"a.b\"",
    ];

    private static readonly string[] s_specs = [.. CorpusCase.GoodNames.Select(n => CorpusCase.Good(n).Text), .. CorpusCase.BadNames.Select(n => CorpusCase.Bad(n).Text)];

    private static readonly Gen<string> s_token = Gen.Int[0, s_tokens.Length - 1].Select(i => s_tokens[i]);

    private static readonly Gen<string> s_mutated =
        from spec in Gen.Int[0, s_specs.Length - 1].Select(i => s_specs[i])
        from edits in Gen.Select(Gen.Double.Unit, Gen.Double.Unit, Gen.Int[0, 4], s_token).Array[1, 6]
        select edits.Aggregate(spec, (text, edit) => Edit(text, (int)(edit.Item1 * text.Length), edit.Item2, edit.Item3, edit.Item4));

    [Fact]
    public void Random_tokens_are_read() => s_token.Array[0, 200].Select(string.Concat).Sample(Check, iter: s_count);

    [Fact]
    public void Mutated_specs_are_read() => s_mutated.Sample(Check, iter: s_count);

    [Fact]
    public void Every_beginning_of_a_spec_is_read()
    {
        string spec = CorpusCase.Good("every-key").Text;
        Assert.All(Enumerable.Range(0, spec.Length), length => Check(spec[..length]));
    }

    private static string Edit(string text, int at, double share, int kind, string token)
    {
        int length = Math.Min(text.Length - at, (int)(share * share * 40) + 1);
        return kind switch
        {
            0 => text.Remove(at, length),
            1 => text.Insert(at, token),
            2 => text.Insert(at, text.Substring(at, length)),
            3 => text.Remove(at, length).Insert(at, token),
            _ => text.Insert(at, text.Substring((int)(share * (text.Length - length)), length)),
        };
    }

    private static void Check(string text)
    {
        long began = Stopwatch.GetTimestamp();
        SpecResult result = SpecReader.Read(text);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10), "Reading took longer than ten seconds.");
        Assert.All(result.Problems, problem => CheckProblem(text, problem));
        Assert.Equal(result, SpecReader.Read(text));
        if (result.Model is not { } model)
        {
            Assert.True(result.HasErrors);
            return;
        }

        Assert.Equal(model.Programs.Where(p => !p.IsBroken).Select(p => p.Name), result.Plans.Select(p => p.Program));
        Assert.Equal(model.Hooks.Where(h => !h.IsBroken).Select(h => h.Name), result.Reversals.Select(r => r.Hook));
        Assert.All(result.Plans.SelectMany(p => p.Steps).Concat(result.Reversals.SelectMany(r => r.Rectifiers.SelectMany(l => l))), step =>
            Assert.False(step.Kind is PlanOpKind.EnterHook or PlanOpKind.InvokeHook ? model.Hooks[step.Index].IsBroken : model.Programs[step.Index].IsBroken));
        bool isBroken = model.IsPartial || model.Programs.Any(p => p.IsBroken) || model.Hooks.Any(h => h.IsBroken);
        Assert.True(!isBroken || result.Problems.Any(p => p.Severity == ProblemSeverity.Error && !ProblemCodes.IsFlow(p.Code)), "Something is broken and nobody says why.");
    }

    private static void CheckProblem(string text, Problem problem)
    {
        foreach (SpecSpan span in problem.Related.Prepend(problem.Span))
        {
            Assert.InRange(span.Start, 0, text.Length);
            Assert.InRange(span.Start + span.Length, span.Start, text.Length);
            Assert.True(span.Line <= span.EndLine && span.Column >= 0 && span.EndColumn >= 0);
        }

        Assert.DoesNotContain(problem.Message, char.IsControl);
        Assert.StartsWith(problem.Path, problem.Message, StringComparison.Ordinal);
    }
}
