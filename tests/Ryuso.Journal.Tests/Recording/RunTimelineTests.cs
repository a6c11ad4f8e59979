using Ryuso.Definitions;
using Ryuso.Recording;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests.Recording;

/// <summary>What a run's events say of every step; <see cref="Memory.TimelineTruth"/> holds it to what hooks did, at every crash.</summary>
public sealed class RunTimelineTests
{
    private const JournalEventKind Started = JournalEventKind.StepStarted;
    private const JournalEventKind Completed = JournalEventKind.StepCompleted;
    private const JournalEventKind Turned = JournalEventKind.CompensationStarted;
    private const JournalEventKind Stuck = JournalEventKind.RunFinished;

    /// <summary>Steps 1 to 5: look (a dependency), reserve, note, charge, and ship in a nested program.</summary>
    private static readonly SpecDefinition s_spec = SpecDefinitions.Compile("""
        { "name": "shop",
          "programs": {
            "buy": { "hooks": ["reserve", "note", "charge", "programs.send"], "args": {}, "outputs": {} },
            "send": { "hooks": ["ship"], "args": {}, "outputs": {} },
            "undo": { "hooks": ["refund"], "args": {}, "outputs": {} } },
          "hooks": {
            "look": { "reference": "shop.look", "args": {} },
            "reserve": { "reference": "shop.reserve", "args": {}, "dependencies": ["look"], "rectifiers": ["release", "tell"] },
            "release": { "reference": "shop.release", "args": {} },
            "tell": { "reference": "shop.tell", "args": {} },
            "note": { "reference": "shop.note", "args": {} },
            "charge": { "reference": "shop.charge", "args": {}, "rectifiers": ["programs.undo"], "rectify_self": true },
            "refund": { "reference": "shop.refund", "args": {} },
            "ship": { "reference": "shop.ship", "args": {} } } }
        """);

    private static readonly (JournalEventKind, string?)[] s_bought = [(Started, "3"), (Completed, "3"), (Started, "7"), (Completed, "7")];

    [Fact]
    public void Run_that_succeeded_has_run_every_step_and_rectifies_none()
    {
        RunTimeline timeline = Timeline(RunStatus.Succeeded, [.. s_bought, (JournalEventKind.RunFinished, null)]);
        Assert.Equal(
            ["1 look Ran None", "2 reserve Ran None", "3 note Ran None", "4 charge Ran None", "5 ship Ran None"],
            timeline.Steps.Select(Words));
        Assert.Equal([true, false, false, false, false], timeline.Steps.Select(s => s.IsDependency));
    }

    [Fact]
    public void Step_that_leaves_no_record_may_have_run_up_to_the_next_that_does()
    {
        RunTimeline timeline = Timeline(RunStatus.Unfinished, [(Started, "3"), (Completed, "3")]);
        Assert.Equal(
            ["1 look Ran None", "2 reserve Ran None", "3 note MayHaveRun None", "4 charge NotReached None", "5 ship NotReached None"],
            timeline.Steps.Select(Words));
        Assert.Equal("4 charge Started None", Words(Timeline(RunStatus.Unfinished, [.. s_bought[..3]]).Steps[3]));
    }

    [Fact]
    public void Stuck_run_says_what_is_undone_and_what_is_still_to_be_undone()
    {
        RunTimeline timeline = Timeline(RunStatus.Stuck, [.. s_bought, (Turned, "10"), (Started, "7/0/2"), (Completed, "7/0/2"), (Started, "3/0/1"), (Stuck, "3/0/1")]);
        Assert.Equal(
            ["1 look Ran None", "2 reserve Ran Pending: release Failed, tell Pending", "3 note Ran None", "4 charge Ran Rectified: undo Completed", "5 ship Failed None"],
            timeline.Steps.Select(Words));
        Assert.Equal("no", timeline.Steps[4].Error);
        Assert.Equal("no", timeline.Steps[1].Rectifiers[0].Error);
    }

    [Theory]
    [InlineData(RunStatus.Unfinished, JournalEventKind.RetryRequested, "reserve Ran Pending: release Pending, tell Pending")]
    [InlineData(RunStatus.Unfinished, JournalEventKind.SkipRequested, "reserve Ran Pending: release Skipped, tell Pending")]
    [InlineData(RunStatus.ResolvedWithSkips, JournalEventKind.SkipRequested, "reserve Ran Skipped: release Skipped, tell Completed")]
    [InlineData(RunStatus.Abandoned, JournalEventKind.AbandonRequested, "reserve Ran Abandoned: release Failed, tell Abandoned")]
    public void Decision_of_an_operator_shows_at_the_rectifier_that_it_is_about(RunStatus status, JournalEventKind decision, string step)
    {
        List<(JournalEventKind, string?)> events = [(Started, "3"), (Completed, "3"), (Turned, "5"), (Started, "3/0/1"), (Stuck, "3/0/1"), (decision, null)];
        if (status == RunStatus.ResolvedWithSkips)
        {
            events.AddRange([(Started, "3/1/1"), (Completed, "3/1/1"), (JournalEventKind.RunFinished, null)]);
        }

        Assert.Equal("2 " + step, Words(Timeline(status, [.. events]).Steps[1]));
    }

    [Fact]
    public void Step_in_doubt_and_step_that_rectifies_itself_are_rectified_too()
    {
        RunTimeline doubt = Timeline(RunStatus.Unfinished, [.. s_bought[..3], (JournalEventKind.RunInterrupted, "7"), (Started, "7/0/2")]);
        Assert.Equal(["4 charge InDoubt Pending: undo Started", "5 ship MayHaveRun None"], doubt.Steps.Skip(3).Select(Words));
        RunTimeline self = Timeline(RunStatus.Rectified, [.. s_bought[..3], (Turned, "7"), (Started, "7/0/2"), (Completed, "7/0/2"), (Started, "3/0/1"), (Completed, "3/0/1"), (Started, "3/1/1"), (Completed, "3/1/1"), (JournalEventKind.RunFinished, null)]);
        Assert.Equal(["2 reserve Ran Rectified: release Completed, tell Completed", "4 charge Failed Rectified: undo Completed", "5 ship NotReached None"], new[] { 1, 3, 4 }.Select(i => Words(self.Steps[i])));
    }

    [Fact]
    public void Event_has_the_number_of_its_step_and_none_where_it_is_about_a_program()
    {
        RunTimeline timeline = Timeline(RunStatus.Stuck, [.. s_bought, (Turned, "10"), (Started, "7/0/2"), (Stuck, "7/0/2")]);
        Assert.Equal((2, 4, 5), (timeline.NumberOf(Event((Started, "3"))), timeline.NumberOf(Event((Started, "7/0/2"))), timeline.NumberOf(Event((Turned, "10")))));
        Assert.Equal((null, null, null), (timeline.NumberOf(Event((Turned, "8"))), timeline.NumberOf(Event((Turned, "99"))), timeline.NumberOf(Event((Turned, null)))));
    }

    [Fact]
    public void Run_whose_record_cannot_be_read_has_no_timeline()
    {
        JournaledRun run = Run(RunStatus.Unfinished, [(Started, "3")]);
        foreach (JournaledRun broken in new[]
        {
            run with { Damage = "gone" },
            run with { Events = [] },
            run with { Events = [.. run.Events, Event((Started, "77"))] },
            run with { Accepted = run.Accepted with { Plan = new JournaledPlan("", "{") } },
        })
        {
            Assert.Throws<JournalException>(() => RunTimeline.Of(broken));
        }
    }

    private static string Words(RunTimelineStep step) => $"{step.Number} {step.Reference["hooks.".Length..]} {step.Progress} {step.Rectification}"
        + (step.Rectification == StepRectification.None ? "" : ": " + string.Join(", ", step.Rectifiers.Select(r => $"{r.Reference.Split('.')[1]} {r.Progress}")));

    private static RunTimeline Timeline(RunStatus status, (JournalEventKind Kind, string? Step)[] events) => RunTimeline.Of(Run(status, events));

    private static JournaledRun Run(RunStatus status, (JournalEventKind Kind, string? Step)[] events)
    {
        JournaledPlan plan = RecordedPlan.Write(s_spec.Programs.Single(p => p.Name == "buy"), s_spec);
        return new JournaledRun("r", new RunAccepted("buy", null, plan, 1), status) { Events = [Event((JournalEventKind.RunAccepted, null)), .. events.Select(Event)] };
    }

    private static JournalEvent Event((JournalEventKind Kind, string? Step) entry) => new("r", entry.Kind, 1)
    {
        Step = entry.Step,
        Reference = "hooks.x",
        Attempt = entry.Kind == Started ? 1 : 0,
        Error = entry.Kind is Turned or Stuck or JournalEventKind.RunInterrupted ? "no" : null,
    };
}
