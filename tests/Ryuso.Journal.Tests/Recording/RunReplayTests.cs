using Ryuso.Definitions;
using Ryuso.Journal.Tests.Files;
using Ryuso.Recording;
using Ryuso.Runs;

namespace Ryuso.Journal.Tests.Recording;

/// <summary>Where a run's events say that it stands.</summary>
public sealed class RunReplayTests
{
    private const JournalEventKind Started = JournalEventKind.StepStarted;
    private const JournalEventKind Completed = JournalEventKind.StepCompleted;
    private const JournalEventKind Recovering = JournalEventKind.RecoveryStarted;

    private readonly RunState _run = new(TestSpec.Steps);

    /// <summary>The plan of "back": enter and run a, b, c (1, 3, 5), then enter and run fail (7).</summary>
    [Fact]
    public void Step_that_started_and_has_no_end_is_in_doubt()
    {
        RunReplay replay = Replay((Started, "1", 1), (Completed, "1", 0), (Started, "3", 1));
        Assert.True(replay.IsInDoubt);
        Assert.False(replay.IsDecided);
        Assert.Equal((new StepId(3), 1), (_run.StateMachine.Id, replay.Attempts));
    }

    [Fact]
    public void Step_that_ended_is_not_in_doubt()
    {
        RunReplay replay = Replay((Started, "1", 1), (Completed, "1", 0));
        Assert.False(replay.IsInDoubt);
        Assert.Equal(new StepId(2), _run.StateMachine.Id);
    }

    [Theory]
    [InlineData(0, "turned")]
    [InlineData(1, "turned started")]
    [InlineData(1, "turned recovering")]
    [InlineData(2, "turned started recovering")]
    [InlineData(3, "turned started recovering started recovering started")]
    [InlineData(1, "turned started recovering undone started")]
    [InlineData(1, "interrupted recovering started")]
    [InlineData(2, "interrupted recovering started recovering")]
    [InlineData(1, "turned started recovering recovering stuck retry recovering")]
    public void Process_ends_are_counted_at_the_step_where_the_run_stands(int ends, string story)
    {
        List<(JournalEventKind, string?, int)> events = [(Started, "1", 1), (Completed, "1", 0), (Started, "3", 1)];
        string step = "3/0/1";
        foreach (string word in story.Split(' '))
        {
            switch (word)
            {
                case "turned":
                    events.AddRange([(Completed, "3", 0), (JournalEventKind.CompensationStarted, "5", 0)]);
                    break;
                case "interrupted":
                    events.Add((JournalEventKind.RunInterrupted, "3", 0));
                    break;
                case "undone":
                    events.Add((Completed, step, 0));
                    step = "1/0/1";
                    break;
                default:
                    events.Add(word switch
                    {
                        "started" => (Started, step, 1),
                        "recovering" => (Recovering, null, 0),
                        "stuck" => (JournalEventKind.RunFinished, step, 0),
                        _ => (JournalEventKind.RetryRequested, null, 0),
                    });
                    break;
            }
        }

        Assert.Equal(ends, Replay([.. events]).ProcessEnds);
    }

    [Fact]
    public void Event_of_a_step_that_the_plan_does_not_have_is_told()
    {
        JournalException exception = Assert.Throws<JournalException>(() => Replay((Started, "99", 1)));
        Assert.Contains("step 99, which its plan does not have", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Skip_of_a_run_that_never_turned_back_is_refused()
    {
        JournalException exception = Assert.Throws<JournalException>(() =>
            Replay((Started, "3", 1), (JournalEventKind.RunFinished, null, 0), (JournalEventKind.SkipRequested, null, 0)));
        Assert.Contains("a skip needs a rectifier that failed", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(JournalEventKind.CompensationStarted)]
    [InlineData(JournalEventKind.RunInterrupted)]
    public void Record_that_turns_back_twice_is_refused(JournalEventKind second)
    {
        JournalException exception = Assert.Throws<JournalException>(() =>
            Replay((Started, "3", 1), (JournalEventKind.CompensationStarted, "3", 0), (second, null, 0)));
        Assert.Contains("where its plan does not allow it", exception.Message, StringComparison.Ordinal);
    }

    private RunReplay Replay(params (JournalEventKind Kind, string? Step, int Attempt)[] events)
    {
        ProgramDefinition program = TestSpec.Steps.Programs.Single(p => p.Name == "back");
        JournaledPlan plan = RecordedPlan.Write(program, TestSpec.Steps);
        var recorded = new JournaledRun("r", new RunAccepted("back", null, plan, 1), RunStatus.Unfinished)
        {
            Events =
            [
                .. events.Select(e => new JournalEvent("r", e.Kind, 1)
                {
                    Step = e.Step,
                    Reference = "hooks.x",
                    Attempt = e.Attempt,
                    Error = e.Kind is JournalEventKind.CompensationStarted or JournalEventKind.RunInterrupted or JournalEventKind.RunFinished ? "no" : null,
                }),
            ],
        };
        var read = RecordedPlan.Read(plan.Json, TestSpec.Steps);
        _run.Resume(recorded, read.Program, read.Hooks, read.Programs, TimeProvider.System);
        return RunReplay.Of(recorded, _run);
    }
}
