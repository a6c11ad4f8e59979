using Ryuso.Definitions;
using Ryuso.Runs;

namespace Ryuso.Tests.Runs;

/// <summary>The state machine alone, without hooks or an orchestrator: every small plan, every outcome, every moment at which the process may end.</summary>
public sealed class RunStateMachineTests
{
    private static readonly PlanOp s_undo = new(PlanOpKind.InvokeHook, 3, IsDependency: false);
    private static readonly PlanOp[][][] s_rectifiers = [[], [[s_undo]], [[s_undo, s_undo], [s_undo]], [[]]];

    // The counts stand here so that the enumeration cannot shrink unseen.
    [Fact]
    public void Machine_every_outcome_of_every_small_plan_is_as_written_by_hand() => Assert.Equal(3_173, CompareAll((plan, hooks, outcomes, machine) =>
        Compare(machine, plan, hooks, outcomes)));

    [Fact]
    public void Machine_an_operator_who_skips_what_fails_is_as_written_by_hand() => Assert.Equal(6_101, CompareAll((plan, hooks, outcomes, machine) =>
        Compare(machine, plan, hooks, outcomes, skips: true)));

    [Fact]
    public void Machine_an_end_of_the_process_at_each_command_is_as_written_by_hand()
    {
        int compared = 0;
        for (int at = 0; at <= 4; at++)
        {
            foreach (bool inDoubt in (bool[])[false, true])
            {
                compared += CompareAll((plan, hooks, outcomes, machine) => Compare(machine, plan, hooks, outcomes, at, inDoubt && at < plan.Length && plan[at].Kind == PlanOpKind.InvokeHook));
            }
        }

        Assert.Equal(19_385, compared);
    }

    [Theory]
    [InlineData("5", 5, -1, 0)]
    [InlineData("5/1/2", 5, 1, 2)]
    public void StepId_text_is_read_back_as_the_same(string text, int position, int rectifier, int inner)
    {
        var id = new StepId(position, rectifier, inner);
        Assert.Equal(text, id.ToString());
        Assert.Equal(id, StepId.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5/1")]
    [InlineData("5/1/2/3")]
    [InlineData("-1")]
    [InlineData("five")]
    public void StepId_of_a_text_that_is_none_throws(string text) => Assert.Throws<FormatException>(() => StepId.Parse(text));

    private static void Compare(
        RunStateMachine machine, PlanOp[] plan, HookDefinition[] hooks, Outcomes outcomes, int interruptAt = -1, bool isInDoubt = false, bool skips = false)
    {
        string expected = NaiveRun.Of(plan, hooks, outcomes.EndsWell, interruptAt, isInDoubt, skips).ToString();
        string actual = NaiveRun.ByMachine(machine, plan, hooks, outcomes.EndsWell, interruptAt, isInDoubt, skips).ToString();
        if (actual != expected)
        {
            Assert.Equal($"[{string.Join(", ", plan)}] {expected}", $"[{string.Join(", ", plan)}] {actual}");
        }
    }

    /// <summary>Every plan of up to 3 operations over 3 hooks, each hook of another kind, with every outcome. One machine for all: nothing of a run may be left in it.</summary>
    private static int CompareAll(Action<PlanOp[], HookDefinition[], Outcomes, RunStateMachine> compare)
    {
        var machine = new RunStateMachine();
        int compared = 0;
        PlanOp[] ops =
        [
            new(PlanOpKind.EnterHook, 0, IsDependency: false),
            new(PlanOpKind.InvokeHook, 0, IsDependency: false),
            new(PlanOpKind.InvokeHook, 1, IsDependency: true),
            new(PlanOpKind.InvokeHook, 2, IsDependency: false),
        ];
        foreach (PlanOp[] plan in Plans(ops, 3))
        {
            foreach (HookDefinition[] hooks in Hooks(plan))
            {
                var outcomes = new Outcomes();
                do
                {
                    compare(plan, hooks, outcomes, machine);
                    compared++;
                }
                while (outcomes.MoveNext());
            }
        }

        return compared;
    }

    private static IEnumerable<PlanOp[]> Plans(PlanOp[] ops, int most)
    {
        IEnumerable<PlanOp[]> plans = [[]];
        for (int length = 0; length < most; length++)
        {
            plans = [[], .. plans.SelectMany(plan => ops.Select(op => (PlanOp[])[.. plan, op]))];
        }

        return plans.DistinctBy(plan => string.Join(',', plan));
    }

    /// <summary>The first hook of a plan has each kind of rectifiers in turn, with and without <c>rectify_self</c>; the others have fixed ones.</summary>
    private static IEnumerable<HookDefinition[]> Hooks(PlanOp[] plan) =>
        from rectifiers in plan.Any(op => op is { Kind: PlanOpKind.InvokeHook, Index: 0 }) ? s_rectifiers : s_rectifiers[..1]
        from self in rectifiers.Length > 0 ? (bool[])[false, true] : [false]
        select (HookDefinition[])
        [
            new("hooks.a", [], rectifiers, RectifySelf: self),
            new("hooks.b", [], [[s_undo]]),
            new("hooks.c", [], []),
            new("hooks.undo", [], []),
        ];

    /// <summary>Counts up through the outcomes of the commands that are asked for: the last one that ended well fails the next time, and those after it begin anew.</summary>
    private sealed class Outcomes
    {
        private readonly List<bool> _endsWell = [];
        private int _asked;

        public bool EndsWell(int command)
        {
            while (command >= _endsWell.Count)
            {
                _endsWell.Add(true);
            }

            _asked = Math.Max(_asked, command + 1);
            return _endsWell[command];
        }

        public bool MoveNext()
        {
            int last = _asked == 0 ? -1 : _endsWell.FindLastIndex(_asked - 1, ok => ok);
            if (last < 0)
            {
                return false;
            }

            _endsWell.RemoveRange(last, _endsWell.Count - last);
            _endsWell.Add(false);
            _asked = 0;
            return true;
        }
    }
}
