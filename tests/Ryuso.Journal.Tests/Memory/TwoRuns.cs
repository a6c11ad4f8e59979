using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Definitions;
using Ryuso.TestKit;
using Ryuso.Testing;

namespace Ryuso.Journal.Tests.Memory;

/// <summary>
/// Two runs under way on two keys, one of which turns back: every order of their steps, the process ended at every moment, recovered with a
/// request for the same runs meanwhile, ended again, recovered again. Where the way back gets stuck, an operator decides while the other run
/// goes on.
/// </summary>
internal sealed class TwoRuns(bool getsStuck)
{
    private const string Spec = """
        {"name":"two","programs":{"main":{"key":"key","hooks":["h0","h1","h2"],"args":{"key":{"type":"string","required":true}},"outputs":{}}},
         "hooks":{
          "h0":{"reference":"t.h0","args":{},"dependencies":[],"rectifiers":["u0"]},
          "h1":{"reference":"t.h1","args":{},"dependencies":[],"rectifiers":["u1"]},
          "h2":{"reference":"t.h2","args":{},"dependencies":[],"rectifiers":[]},
          "u0":{"reference":"t.u0","args":{},"dependencies":[],"rectifiers":[]},
          "u1":{"reference":"t.u1","args":{},"dependencies":[],"rectifiers":[]}}}
        """;

    private static readonly SpecDefinition s_spec = SpecDefinitions.Compile(Spec);
    private static readonly string[] s_runs = ["good", "bad"];

    private readonly HashSet<string> _seen = [];

    /// <summary>How many lives of a process were run.</summary>
    public int Lives { get; private set; }

    /// <summary>Runs every order of steps with every moment of an end.</summary>
    /// <param name="crashes">How often the process may end, one life after the other.</param>
    public void Explore(int crashes) => Live(new Disk([]), [], crashes, isFirst: true);

    private void Live(Disk disk, List<(string Run, string Hook, bool Ok)> deeds, int crashes, bool isFirst)
    {
        // Depth first over the choices of who goes on: each life tells how many there were at each.
        List<(int Chosen, int Of)> choices = [];
        do
        {
            for (int moment = 0; ; moment++)
            {
                var crash = new Crash(crashes > 0 ? moment : null);
                var life = new Life(new Disk(disk.Events), [.. deeds], crash, getsStuck, choices);
                life.RunAsync(isFirst).GetAwaiter().GetResult();
                Lives++;
                if (!crash.HasHappened)
                {
                    life.CheckEnd();
                    break;
                }

                for (int kept = 0; kept <= life.Journal.Buffered.Count; kept++)
                {
                    var next = new Disk(life.Disk.Events.Concat(life.Journal.Buffered.Take(kept)));
                    string state = $"{crashes}\n" + string.Join('\n', next.Events.Select(e => $"{e.RunId} {e.Kind} {e.Step} {e.Attempt} {e.Status}")) + "\n" + string.Join('\n', life.Deeds);
                    if (_seen.Add(state))
                    {
                        Live(next, life.Deeds, crashes - 1, isFirst: false);
                    }
                }
            }

            while (choices.Count > 0 && choices[^1].Chosen + 1 >= choices[^1].Of)
            {
                choices.RemoveAt(choices.Count - 1);
            }

            if (choices.Count > 0)
            {
                choices[^1] = (choices[^1].Chosen + 1, choices[^1].Of);
            }
        }
        while (choices.Count > 0);
    }

    /// <summary>One life of a process.</summary>
    private sealed class Life
    {
        private readonly Lock _gate = new();
        private readonly SortedDictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);

        // Set by whatever may make the runs quiet: a hook that waits, an event of the journal, an answer.
        private TaskCompletionSource _changed = new();
        private readonly HashSet<string> _active = [];
        private readonly Crash _crash;
        private readonly bool _getsStuck;
        private readonly List<(int Chosen, int Of)> _choices;
        private readonly SpecOrchestrator _orchestrator;
        private readonly Dictionary<string, Task<ProgramResult>> _answers = [];
        private Broken? _broken;
        private int _point;

        // How each run stands by the events that were appended, whether durable or not.
        private readonly Dictionary<string, RunStatus> _states = [];

        public Life(Disk disk, List<(string Run, string Hook, bool Ok)> deeds, Crash crash, bool getsStuck, List<(int Chosen, int Of)> choices)
        {
            (Disk, Deeds, _crash, _getsStuck, _choices) = (disk, deeds, crash, getsStuck, choices);
            foreach (string run in s_runs)
            {
                _states[run] = Disk.Find(disk.Events, run)?.Status ?? RunStatus.Unfinished;
            }

            Journal = new WatchedJournal(disk, crash, entry =>
            {
                lock (_gate)
                {
                    _states[entry.RunId] = entry.Kind == JournalEventKind.RunFinished ? entry.Status : RunStatus.Unfinished;
                }

                Signal();
            });
            _orchestrator = new SpecOrchestrator(s_spec, HookAsync, time: StoppedClock.Instance);
        }

        public Disk Disk { get; }

        public List<(string Run, string Hook, bool Ok)> Deeds { get; }

        public MemoryJournal Journal { get; }

        public async Task RunAsync(bool isFirst)
        {
            // The end of a process is somebody who never goes on.
            await Task.WhenAny(WorkAsync(isFirst), _crash.Happened);
            lock (_gate)
            {
                if (_broken is not null)
                {
                    throw _broken;
                }
            }
        }

        public void CheckEnd()
        {
            foreach (string id in s_runs)
            {
                if (Disk.Find(Disk.Events, id) is not { } run)
                {
                    throw new Broken($"nothing of the run '{id}' is recorded");
                }

                int goesOn = run.Events.Count(e => e.IsDecision);
                Broken.Unless(run.Events.Count(e => e.Kind == JournalEventKind.RunFinished) == 1 + goesOn, $"'{id}' has not exactly one outcome");
                Broken.Unless(_answers[id].GetAwaiter().GetResult().Answer.ToJsonString() == JsonNode.Parse(run.Answer!)!.ToJsonString(), $"'{id}' was answered otherwise than is recorded");
                string[] done = [.. Deeds.Where(d => d.Run == id && d.Ok && d.Hook[0] == 'h').Select(d => d.Hook)];
                string[] undone = [.. Deeds.Where(d => d.Run == id && d.Ok && d.Hook[0] == 'u').Select(d => d.Hook)];
                bool isSuccess = run.Status == RunStatus.Succeeded;
                Broken.Unless(isSuccess || run.Status == RunStatus.Rectified, $"'{id}' is {run.Status}");
                Broken.Unless(!isSuccess || (id == "good" && undone.Length == 0 && done.SequenceEqual(["h0", "h1", "h2"])), $"'{id}' succeeded with {string.Join(' ', Deeds)}");
                Broken.Unless(isSuccess || (!done.Contains("h0") || undone.Contains("u0")) && (!done.Contains("h1") || undone.Contains("u1")), $"'{id}' was not undone: {string.Join(' ', Deeds)}");
                Broken.Unless(undone.SkipWhile(u => u == "u1").All(u => u == "u0"), $"'{id}' was undone in another order: {string.Join(' ', undone)}");
                Broken.Unless(id != "good" || !Disk.Events.Exists(e => e.RunId == id && e.IsDecision), "a decision on one run touched the other");
            }

            Broken.Unless(_orchestrator.Lanes is Ryuso.Orchestration.KeyedLanes { IsEmpty: true }, "keys are held after the end");
        }

        private async Task WorkAsync(bool isFirst)
        {
            await _orchestrator.UseJournalAsync(Journal);
            foreach (string run in s_runs)
            {
                // In the first life the runs themselves; later the clients ask again under the same ids, and wait for the recovery.
                _answers[run] = _orchestrator.RunAsync("main", new JsonObject { ["key"] = run }, new CallOptions { RunId = run }, CancellationToken.None);
                _ = _answers[run].ContinueWith(_ => Signal(), TaskScheduler.Default);
            }

            while (!await IsQuietAsync())
            {
                GoOn();
            }

            await _orchestrator.WaitForRecoveryAsync();
            foreach (string run in s_runs)
            {
                await _answers[run];
                if (Disk.Find(Disk.Events, run) is { Status: RunStatus.Rectified or RunStatus.Succeeded })
                {
                    // What the first asker got may have been the outcome of before the decision.
                    _answers[run] = _orchestrator.RunAsync("main", new JsonObject { ["key"] = run }, new CallOptions { RunId = run }, CancellationToken.None);
                    await _answers[run];
                }
            }

            _ = isFirst;
        }

        /// <summary>Waits until all that can go on waits for the schedule. True where nothing is left.</summary>
        private async Task<bool> IsQuietAsync()
        {
            while (true)
            {
                TaskCompletionSource changed;
                lock (_gate)
                {
                    int busy = s_runs.Count(IsBusy);
                    if (_waiting.Count == busy)
                    {
                        return busy == 0 && !MayDecide();
                    }

                    changed = _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                await changed.Task;
                if (_crash.HasHappened)
                {
                    await new TaskCompletionSource().Task;
                }
            }
        }

        private void Signal()
        {
            lock (_gate)
            {
                _changed.TrySetResult();
            }
        }

        /// <summary>Whether the run will come to a hook, or to its end, by itself.</summary>
        private bool IsBusy(string run) => _waiting.ContainsKey(run) || !IsSettled(run);

        private bool IsSettled(string run) => _answers[run].IsCompleted && _states[run] != RunStatus.Unfinished;

        private bool MayDecide() => _getsStuck && _answers["bad"].IsCompleted && _states["bad"] == RunStatus.Stuck;

        private void GoOn()
        {
            List<Action> actions = [];
            lock (_gate)
            {
                foreach ((string run, TaskCompletionSource source) in _waiting)
                {
                    actions.Add(() =>
                    {
                        lock (_gate)
                        {
                            _waiting.Remove(run);
                        }

                        source.SetResult();
                    });
                }

                if (MayDecide())
                {
                    actions.Add(() =>
                    {
                        _ = new StuckRunOperations(Journal, StoppedClock.Instance).RetryAsync("bad", "ann");
                    });
                }
            }

            Choose(actions.Count, out int chosen);
            actions[chosen]();
        }

        private void Choose(int count, out int chosen)
        {
            if (_point == _choices.Count)
            {
                _choices.Add((0, count));
            }

            // Where an end came earlier in the schedule there may be fewer.
            chosen = Math.Min(_choices[_point].Chosen, count - 1);
            _choices[_point] = (chosen, count);
            _point++;
        }

        private async ValueTask<HookResult> HookAsync(string name, DataPool pool, HookContext context)
        {
            string run = context.RunId;
            var turn = new TaskCompletionSource();
            lock (_gate)
            {
                if (!_active.Add(run) || (string?)pool["key"] != run)
                {
                    _broken ??= new Broken($"'{run}' runs twice at once, or with the pool of another");
                }

                _waiting.Add(run, turn);
            }

            Signal();
            await turn.Task;
            lock (_gate)
            {
                _active.Remove(run);
            }

            if (_crash.HasHappened)
            {
                await new TaskCompletionSource().Task;
            }

            if (_crash.IsDue())
            {
                await _crash.EndAsync($"before {name}");
            }

            bool fails = run == "bad" && (name == "h2" || (name == "u0" && _getsStuck && !Disk.Events.Exists(e => e.IsDecision)));
            Deeds.Add((run, name, !fails));
            if (_crash.IsDue())
            {
                await _crash.EndAsync($"after {name}");
            }

            return fails ? HookResult.Fail(string.Create(CultureInfo.InvariantCulture, $"{name} says no.")) : HookResult.Ok;
        }
    }

    private sealed class WatchedJournal(Disk disk, Crash crash, Action<JournalEvent> watch) : MemoryJournal(disk, crash)
    {
        public override long Append(JournalEvent entry)
        {
            watch(entry);
            return base.Append(entry);
        }
    }
}
