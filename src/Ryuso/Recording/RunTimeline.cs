using System.Globalization;
using Ryuso.Definitions;
using Ryuso.Recording;
using Ryuso.Runs;

namespace Ryuso;

/// <summary>
/// Where a recorded run stands: for every step of its plan how far it got, and how far it has been rectified. Worked out from what the
/// journal has of the run and nothing else, by the rules that recovery follows, so that what is
/// <see cref="StepRectification.Pending"/> here is what recovery or an operator's retry would run.
/// </summary>
public sealed class RunTimeline
{
    private static readonly SpecDefinition s_noSpec = new("", null, [], [], []);

    // At each position of the plan the step that runs there; null where a hook is entered, or a program entered or left.
    private readonly RunTimelineStep?[] _byPosition;

    private RunTimeline(RunTimelineStep?[] byPosition)
    {
        _byPosition = byPosition;
        Steps = [.. byPosition.OfType<RunTimelineStep>()];
    }

    /// <summary>The steps of the run's plan, in the order in which they run.</summary>
    public IReadOnlyList<RunTimelineStep> Steps { get; }

    /// <summary>Works out where a run stands.</summary>
    /// <param name="run">The run, with its events.</param>
    /// <exception cref="JournalException">What is recorded of the run cannot be read, or its events are missing.</exception>
    public static RunTimeline Of(JournaledRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.Damage is not null || run.Events.Count == 0)
        {
            string why = run.Damage ?? "its events are missing";
            throw new JournalException($"What is recorded of the run '{run.RunId}' cannot be read: {why}.");
        }

        RecordedPlan plan = RecordedPlan.Read(run.Accepted.Plan.Json, s_noSpec);
        RunState state = new(s_noSpec);
        state.Resume(run, plan.Program, plan.Hooks, plan.Programs, TimeProvider.System);
        _ = RunReplay.Of(run, state);
        RunStateMachine machine = state.StateMachine;

        // What ended well after the last recorded step left no event of its own.
        while (run.Status is RunStatus.Succeeded or RunStatus.Rectified or RunStatus.ResolvedWithSkips && !machine.IsEnded)
        {
            machine.Next(ok: true);
        }

        return new RunTimeline(new Reader(run, plan, machine).Read());
    }

    /// <summary>
    /// The number (from 1) of the step that an event is about, or that its rectifier reverses; null where it is about no step.
    /// </summary>
    /// <param name="entry">An event of the run.</param>
    public int? NumberOf(JournalEvent entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.Step is { } step
            && int.TryParse(step.Split('/')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int position)
            && position < _byPosition.Length
                ? _byPosition[position]?.Number
                : null;
    }

    /// <summary>What the events say of one step or one rectifier.</summary>
    private sealed class Record
    {
        public long? StartedAt { get; private set; }

        public long? EndedAt { get; private set; }

        public int Attempts { get; private set; }

        public string? Error { get; private set; }

        public JournalEventKind? Last { get; private set; }

        public bool IsSkipped { get; set; }

        public void Add(JournalEvent entry)
        {
            Last = entry.Kind;
            Error = entry.Error ?? (entry.Kind == JournalEventKind.StepCompleted ? null : Error);
            Attempts = entry.Attempt > 0 ? entry.Attempt : Attempts;
            StartedAt ??= entry.Kind == JournalEventKind.StepStarted ? entry.Time : null;
            EndedAt = entry.Kind is JournalEventKind.StepStarted or JournalEventKind.AttemptFailed or JournalEventKind.RunInterrupted
                ? null
                : entry.Time;
        }
    }

    private sealed class Reader(JournaledRun run, RecordedPlan plan, RunStateMachine machine)
    {
        private readonly PlanOp[] _line = plan.Program.Plan;
        private readonly Dictionary<StepId, Record> _records = [];
        private readonly HashSet<int> _completed = [.. machine.CompletedPositions];
        private readonly HashSet<int> _skipped = [];

        // A failure names the command that failed; without one, steps that leave no record may have run since the last that has one.
        private readonly bool _isExact = run.Status == RunStatus.Succeeded
            || run.Events.Any(e => e.Kind == JournalEventKind.CompensationStarted);

        // Whether what completed is to be rectified, has been, or was to be.
        private readonly bool _isGoingBack = machine.IsCompensating || run.Status is RunStatus.Stuck or RunStatus.Abandoned;

        public RunTimelineStep?[] Read()
        {
            ReadEvents();
            var steps = new RunTimelineStep?[_line.Length];
            bool mayHaveRun = !_isExact;
            int number = 0;
            for (int position = 0; position < _line.Length; position++)
            {
                if (_line[position].Kind != PlanOpKind.InvokeHook)
                {
                    continue;
                }

                HookDefinition hook = plan.Hooks[_line[position].Index];
                StepProgress progress = Progress(position);
                if (progress == StepProgress.NotReached)
                {
                    // The start of a step with rectifiers is recorded before it starts.
                    mayHaveRun &= hook.Rectifiers.Length == 0;
                    progress = mayHaveRun ? StepProgress.MayHaveRun : progress;
                }

                steps[position] = Step(position, ++number, hook, progress);
            }

            return steps;
        }

        private void ReadEvents()
        {
            StepId? stuckAt = null;
            foreach (JournalEvent entry in run.Events)
            {
                if (entry.Step is not null)
                {
                    StepId id = StepId.Parse(entry.Step);
                    RecordOf(id).Add(entry);
                    stuckAt = entry.Kind == JournalEventKind.RunFinished ? id : stuckAt;
                }
                else if (entry.Kind == JournalEventKind.SkipRequested && stuckAt is { } skipped)
                {
                    RecordOf(skipped).IsSkipped = true;
                    _skipped.Add(skipped.Position);
                }
            }
        }

        /// <summary>All of a rectifier's plan has one record.</summary>
        private Record RecordOf(StepId id)
        {
            id = id with { Inner = 0 };
            return _records.TryGetValue(id, out Record? record) ? record : _records[id] = new Record();
        }

        private StepProgress Progress(int position) => _records.GetValueOrDefault(new StepId(position))?.Last switch
        {
            JournalEventKind.CompensationStarted => StepProgress.Failed,
            JournalEventKind.RunInterrupted => StepProgress.InDoubt,
            JournalEventKind.StepCompleted => StepProgress.Ran,
            _ when run.Status == RunStatus.Succeeded || position < machine.ForwardPosition => StepProgress.Ran,
            not null => StepProgress.Started,
            null => StepProgress.NotReached,
        };

        private RunTimelineStep Step(int position, int number, HookDefinition hook, StepProgress progress)
        {
            Record? record = _records.GetValueOrDefault(new StepId(position));
            bool isOpen = _completed.Contains(position) || (progress == StepProgress.Started && !machine.IsCompensating);
            bool isReversed = progress is StepProgress.Ran or StepProgress.InDoubt || (progress == StepProgress.Failed && hook.RectifySelf);
            bool isConcerned = hook.Rectifiers.Length > 0 && _isGoingBack && (isOpen || isReversed);
            StepRectification rectification = !isConcerned ? StepRectification.None
                : isOpen ? (run.Status == RunStatus.Abandoned ? StepRectification.Abandoned : StepRectification.Pending)
                : _skipped.Contains(position) ? StepRectification.Skipped
                : StepRectification.Rectified;
            return new RunTimelineStep(number, hook.Reference, progress, rectification)
            {
                IsDependency = _line[position].IsDependency,
                Attempts = record is null ? 0 : Math.Max(1, record.Attempts),
                Error = record?.Error,
                StartedAt = record?.StartedAt,
                EndedAt = record?.EndedAt,
                Rectifiers = [.. hook.Rectifiers.Select((line, index) => Rectifier(new StepId(position, index), line, rectification))],
            };
        }

        private RunTimelineRectifier Rectifier(StepId id, PlanOp[] line, StepRectification step)
        {
            Record? record = _records.GetValueOrDefault(id);
            PlanOp first = line[0];
            string reference = first.Kind == PlanOpKind.EnterHook
                ? plan.Hooks[first.Index].Reference
                : "programs." + plan.Programs[first.Index].Name;
            RectifierProgress progress = Progress(id, record, step);
            return new RunTimelineRectifier(reference, progress)
            {
                Attempts = record?.Attempts ?? 0,
                Error = record?.Error,
                StartedAt = record?.StartedAt,
                EndedAt = progress is RectifierProgress.Completed or RectifierProgress.Failed ? record?.EndedAt : null,
            };
        }

        private RectifierProgress Progress(StepId id, Record? record, StepRectification step)
        {
            StepId current = machine.Id;
            bool isPast = step is StepRectification.Rectified or StepRectification.Skipped
                || (machine.IsCompensating && current.Position == id.Position && id.Rectifier < current.Rectifier);
            bool isEnd = record?.Last == JournalEventKind.RunFinished;
            return step == StepRectification.None ? RectifierProgress.NotNeeded
                : record?.IsSkipped == true ? RectifierProgress.Skipped
                : isPast ? RectifierProgress.Completed
                : isEnd && run.Status is RunStatus.Stuck or RunStatus.Abandoned ? RectifierProgress.Failed
                : run.Status == RunStatus.Abandoned ? RectifierProgress.Abandoned
                : record is null || isEnd ? RectifierProgress.Pending
                : RectifierProgress.Started;
        }
    }
}
