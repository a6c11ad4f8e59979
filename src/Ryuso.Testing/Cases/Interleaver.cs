using System.Text.Json.Nodes;

namespace Ryuso.Testing;

/// <summary>Runs two calls in every order of their steps, and holds what comes of it to what comes of one after the other.</summary>
internal sealed class Interleaver<TWorld, TOrchestrator>(
    ProgramTestSetup<TWorld, TOrchestrator> setup,
    Func<TOrchestrator, Task<ProgramResult>>[] calls,
    int maxCases)
    where TWorld : class
    where TOrchestrator : Orchestrator
{
    // What is of the moment and not of the run.
    private static readonly string[] s_ofTheMoment = ["_run_id", "_program_time_start"];

    private readonly HashSet<(int Call, string Output)> _varying = [];

    public List<string> Violations { get; } = [];

    /// <summary>How many orders of steps were run.</summary>
    public int Count { get; private set; }

    /// <summary>The steps of the two calls, one after the other.</summary>
    public IReadOnlyList<string>[] Steps { get; } = [[], []];

    public async Task ExploreAsync()
    {
        ProgramResult[][] serial = [await SerialAsync(0).ConfigureAwait(false), await SerialAsync(1).ConfigureAwait(false)];
        NoteVarying(serial[0], await SerialAsync(0).ConfigureAwait(false));
        await ExploreAsync(serial, failing: null).ConfigureAwait(false);
        foreach ((int call, string step) in Steps.SelectMany((steps, call) => steps.Distinct().Select(step => (call, step))).ToArray())
        {
            // The same with one step of one call failing: what is undone must not undo the other.
            ProgramResult[][] failed = [await SerialAsync(0, (call, step)).ConfigureAwait(false), await SerialAsync(1, (call, step)).ConfigureAwait(false)];
            await ExploreAsync(failed, (call, step)).ConfigureAwait(false);
        }
    }

    private async Task ExploreAsync(ProgramResult[][] serial, (int Call, string Step)? failing)
    {
        for (int first = 0; first < calls.Length; first++)
        {
            // Depth first over the choices of who goes on.
            List<(int Chosen, int Of)> choices = [];
            do
            {
                if (Count == maxCases)
                {
                    throw new ProgramTestException(
                        $"InterleaveAsync has more than {maxCases} orders of steps. Test programs of fewer steps, or allow more: maxCases.");
                }

                Count++;
                var schedule = new Schedule(choices, failing);
                await CheckAsync(schedule, serial, first).ConfigureAwait(false);
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
    }

    private async Task CheckAsync(Schedule schedule, ProgramResult[][] serial, int first)
    {
        (TWorld world, TOrchestrator orchestrator) = await setup.Start(null).ConfigureAwait(false);
        orchestrator.UseInterceptor(schedule);
        try
        {
            Task<ProgramResult>[] under = new Task<ProgramResult>[calls.Length];
            under[first] = schedule.Begin(first, () => calls[first](orchestrator));
            int second = 1 - first;
            under[second] = schedule.Begin(second, () => calls[second](orchestrator));

            // Whoever has come to no step by now waits for the first: they share a key, and the order of arrival holds.
            bool isOrdered = schedule.Waiting(second) is null && !under[second].IsCompleted;
            string? problem = await schedule.RunAsync(under, setup.Timeout).ConfigureAwait(false);
            if (problem is not null)
            {
                Violations.Add(Describe(schedule, problem));
                return;
            }

            schedule.IsOver = true;
            ProgramResult[] results = [under[0].Result, under[1].Result];
            bool isSerial = Equal(results, serial[first]) || (!isOrdered && Equal(results, serial[second]));
            if (!isSerial)
            {
                Violations.Add(Describe(schedule, Differences(results, serial, first, isOrdered)));
                return;
            }

            foreach (ProgramResult result in results)
            {
                foreach (Func<TWorld, ProgramResult, Task> invariant in setup.Invariants)
                {
                    await invariant(world, result).ConfigureAwait(false);
                }
            }
        }
#pragma warning disable CA1031 // Every test framework has exceptions of its own for what does not hold.
        catch (Exception exception) when (exception is not ProgramTestException)
#pragma warning restore CA1031
        {
            Violations.Add(Describe(schedule, "Does not hold: " + exception.Message));
        }
        finally
        {
            await DisposeAsync(world).ConfigureAwait(false);
        }
    }

    /// <summary>One call after the other, in a fresh world.</summary>
    private async Task<ProgramResult[]> SerialAsync(int first, (int Call, string Step)? failing = null)
    {
        (TWorld world, TOrchestrator orchestrator) = await setup.Start(null).ConfigureAwait(false);
        var results = new ProgramResult[calls.Length];
        foreach (int call in (int[])[first, 1 - first])
        {
            var schedule = new Schedule([], failing);
            orchestrator.UseInterceptor(schedule);
            Task<ProgramResult>[] one = [schedule.Begin(call, () => calls[call](orchestrator))];
            if (await schedule.RunAsync(one, setup.Timeout).ConfigureAwait(false) is { } problem)
            {
                throw new ProgramTestException($"InterleaveAsync: one call after the other, {Number(call)} did not end. {problem}");
            }

            results[call] = one[0].Result;
            if (failing is null && first == 0)
            {
                Steps[call] = schedule.Forward;
            }
        }

        await DisposeAsync(world).ConfigureAwait(false);
        return results;
    }

    private static async ValueTask DisposeAsync(TWorld world)
    {
        if (world is IAsyncDisposable asynchronous)
        {
            await asynchronous.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            (world as IDisposable)?.Dispose();
        }
    }

    /// <summary>What differs between two runs that went alike, such as an id that a hook makes, tells nothing.</summary>
    private void NoteVarying(ProgramResult[] one, ProgramResult[] other)
    {
        for (int call = 0; call < calls.Length; call++)
        {
            foreach (string output in Differing(call, one[call], other[call]))
            {
                _varying.Add((call, output));
            }
        }
    }

    private bool Equal(ProgramResult[] results, ProgramResult[] expected) =>
        !Enumerable.Range(0, calls.Length).Any(call => Differing(call, results[call], expected[call]).Any());

    private IEnumerable<string> Differing(int call, ProgramResult one, ProgramResult other) => one.Answer.Concat(other.Answer)
        .Select(output => output.Key).Distinct()
        .Where(output => !s_ofTheMoment.Contains(output) && !setup.VaryingOutputs.Contains(output) && !_varying.Contains((call, output))
            && !JsonNode.DeepEquals(one.Answer[output], other.Answer[output]));

    private string Differences(ProgramResult[] results, ProgramResult[][] serial, int first, bool isOrdered)
    {
        List<string> lines = [isOrdered ? "It is not the same as one after the other in the order of arrival." : "It is the same as no order of the two."];
        for (int call = 0; call < calls.Length; call++)
        {
            foreach (string output in Differing(call, results[call], serial[first][call]).Take(3))
            {
                lines.Add($"{Number(call)} gives '{output}' {Text(results[call], output)}; one after the other {Text(serial[first][call], output)}"
                    + (isOrdered ? "." : $" or {Text(serial[1 - first][call], output)}."));
            }
        }

        lines.Add("What both work on must be in the keys of both programs, or the hooks must change it in one step.");
        return string.Join("\n", lines);
    }

    private static string Text(ProgramResult result, string output) => result.Answer[output]?.ToJsonString() ?? "absent";

    private static string Describe(Schedule schedule, string problem) =>
        $"The steps run in this order: {string.Join(", ", schedule.Ran)}.\n      {problem.ReplaceLineEndings("\n      ")}";

    private static string Number(int call) => call == 0 ? "the first call" : "the second call";

    /// <summary>Lets one hook run at a time, as the choices say.</summary>
    private sealed class Schedule(List<(int Chosen, int Of)> choices, (int Call, string Step)? failing) : IHookInterceptor
    {
        private readonly Lock _gate = new();
        private readonly AsyncLocal<int> _call = new();
        private readonly TaskCompletionSource?[] _turns = new TaskCompletionSource?[2];
        private readonly string?[] _names = new string?[2];
        private readonly List<string> _forward = [];
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _point;

        /// <summary>Whether the runs are over, so that what is called now is the user's own check.</summary>
        public bool IsOver { get; set; }

        public List<string> Ran { get; } = [];

        /// <summary>The hooks on the way forward.</summary>
        public IReadOnlyList<string> Forward => _forward;

        public Task<ProgramResult> Begin(int call, Func<Task<ProgramResult>> run)
        {
            _call.Value = call;
            return run();
        }

        /// <summary>The hook before which a call waits for the schedule; null where it does not.</summary>
        public string? Waiting(int call)
        {
            lock (_gate)
            {
                return _names[call];
            }
        }

        /// <summary>Runs the calls to their ends. Null where they came to them.</summary>
        public async Task<string?> RunAsync(Task<ProgramResult>[] under, TimeSpan timeout)
        {
            int last = -1;
            while (!Array.TrueForAll(under, call => call.IsCompleted))
            {
                // Of those that wait, one goes on; until it comes to its next hook or its end, nothing else does.
                Task changed;
                int[] waiting;
                lock (_gate)
                {
                    waiting = [.. Enumerable.Range(0, 2).Where(call => _turns[call] is not null)];
                    changed = _changed.Task;
                }

                bool isLastSettled = last < 0 || waiting.Contains(last) || under.Length == 1 || under[last].IsCompleted;
                bool mayOthersCome = last >= 0 && under.Length > 1 && under[last].IsCompleted && !under[1 - last].IsCompleted && waiting.Length == 0;
                if (waiting.Length == 0 || !isLastSettled || mayOthersCome)
                {
                    Task ended = Task.WhenAny(under.Where(call => !call.IsCompleted));
                    try
                    {
                        await Task.WhenAny(changed, ended).WaitAsync(timeout).ConfigureAwait(false);
                    }
                    catch (TimeoutException)
                    {
                        return $"It did not end within {timeout.TotalSeconds:0.#} seconds.";
                    }

                    continue;
                }

                last = waiting[Choose(waiting.Length)];
                TaskCompletionSource turn;
                lock (_gate)
                {
                    turn = _turns[last]!;
                    Ran.Add($"{last + 1} {_names[last]!.Replace("hooks.", "", StringComparison.Ordinal)}");
                    _turns[last] = null;
                    _names[last] = null;
                    _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                turn.SetResult();
            }

            foreach (Task<ProgramResult> call in under)
            {
                await call.ConfigureAwait(false);
            }

            return null;
        }

        public TimeSpan GetRetryDelay(string hook, TimeSpan delay) => IsOver ? delay : TimeSpan.Zero;

        public async ValueTask<HookResult> InvokeAsync(HookInvocation invocation)
        {
            if (IsOver)
            {
                return await invocation.InvokeAsync().ConfigureAwait(false);
            }

            int call = _call.Value;
            string hook = invocation.Context.Hook;
            var turn = new TaskCompletionSource();
            lock (_gate)
            {
                _turns[call] = turn;
                _names[call] = hook;
                _changed.TrySetResult();
                if (!invocation.Context.IsRectifying)
                {
                    _forward.Add(hook);
                }
            }

            await turn.Task.ConfigureAwait(false);
            return failing is { } fails && fails.Call == call && fails.Step == hook && !invocation.Context.IsRectifying
                ? HookResult.Fail("The test lets this step fail.")
                : await invocation.InvokeAsync().ConfigureAwait(false);
        }

        private int Choose(int count)
        {
            if (_point == choices.Count)
            {
                choices.Add((0, count));
            }

            int chosen = Math.Min(choices[_point].Chosen, count - 1);
            choices[_point++] = (chosen, count);
            return chosen;
        }
    }
}
