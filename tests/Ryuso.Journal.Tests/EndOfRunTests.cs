using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Ryuso.Definitions;
using Ryuso.Journal.Tests.Files;
using Ryuso.Testing;
using Ryuso.TestKit;

namespace Ryuso.Journal.Tests;

/// <summary>Whatever is thrown wherever the engine calls out: a run that has begun is recorded as ended, or is stuck, and what was done is undone.</summary>
public sealed class EndOfRunTests
{
    // The exceptions by name, so that a failing case can be read.
#pragma warning disable CA2201 // Hooks throw what the runtime reserves, too.
    private static readonly Dictionary<string, Func<Exception>> s_exceptions = new()
    {
        ["Exception"] = () => new Exception(),
        ["OutOfMemory"] = () => new OutOfMemoryException(),
        ["Cancelled"] = () => new OperationCanceledException(),
        ["TaskCancelled"] = () => new TaskCanceledException(),
        ["Disposed"] = () => new ObjectDisposedException(null),
        ["Interrupted"] = () => new ThreadInterruptedException(),
        ["InvalidProgram"] = () => new InvalidProgramException(),
        ["NullReference"] = () => new NullReferenceException(),
        ["AccessViolation"] = () => new AccessViolationException(),
        ["TypeInitialization"] = () => new TypeInitializationException("T", null),
        ["Json"] = () => new JsonException(),
        ["Timeout"] = () => new TimeoutException(),
        ["Aggregate"] = () => new AggregateException((string?)null, new Exception("inner")),
        ["Evil"] = () => new EvilException(),
        ["Evil within"] = () => new InvalidOperationException(null, new EvilException()),
        ["HookFailed of nothing"] = () => new HookFailedException(null!),
        ["HookFailed empty"] = () => new HookFailedException(""),
        ["HookFailed odd"] = () => new HookFailedException("a\0\u001B[2J\uD800{0}%s\r\n\u202E" + new string('x', 100_000)),
        ["Journal"] = () => new JournalException("not the journal's own"),
    };
#pragma warning restore CA2201

    private static readonly string[] s_ways = ["sync", "async", "value task"];

    private readonly List<string> _calls = [];
    private readonly Disk _disk = new([]);

    public static TheoryData<string, bool, bool, bool, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool, bool, bool, bool>();
            foreach (string exception in s_exceptions.Keys)
            {
                for (int i = 0; i < 16; i++)
                {
                    cases.Add(exception, (i & 1) != 0, (i & 2) != 0, (i & 4) != 0, (i & 8) != 0);
                }
            }

            return cases;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Exception_of_a_hook_turns_the_run_back(string exception, bool isRecorded, bool hasScopes, bool hasLimit, bool isRetried)
    {
        foreach (string way in s_ways)
        {
            JsonObject answer = await RunAsync(isRecorded, hasScopes, hasLimit, isRetried, name => name == "b" ? Throw(way, s_exceptions[exception]) : default);
            Assert.Equal(["a", "b", .. isRetried ? ["b"] : (string[])[], "ua"], _calls);
            AssertEnd(answer, RunStatus.Rectified, isRecorded);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Exception_of_a_rectifier_leaves_the_run_stuck(string exception, bool isRecorded, bool hasScopes, bool hasLimit, bool isRetried)
    {
        foreach (string way in s_ways)
        {
            JsonObject answer = await RunAsync(
                isRecorded, hasScopes, hasLimit, isRetried, name => name is "b" or "ua" ? Throw(way, s_exceptions[exception]) : default);
            Assert.Equal(["a", "b", .. isRetried ? ["b"] : (string[])[], "ua", .. isRetried ? ["ua"] : (string[])[]], _calls);
            AssertEnd(answer, RunStatus.Stuck, isRecorded);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Exception_of_a_value_that_is_written_turns_the_run_back(string exception, bool isRecorded, bool hasScopes, bool hasLimit, bool isRetried)
    {
        // At each of the times at which it is written: when it is set, recorded, answered.
        for (int at = 1; ; at++)
        {
            var value = new Thrown(s_exceptions[exception], at);
            bool isDone = false;
            JsonObject answer = await RunAsync(isRecorded, hasScopes, hasLimit, isRetried, put: (name, pool) =>
            {
                if (name == "a" && (string?)pool["_run_id"] == "r")
                {
                    pool["out"] = new JsonObject { ["v"] = JsonValue.Create(value, Thrown.TypeInfo) };
                    isDone = true;
                }
            });
            bool isSuccess = answer["_program_fail"] is null;
            Assert.Equal(isDone && !isSuccess, _calls.Contains("ua"));
            Assert.True(isDone || !isSuccess);
            Assert.False(!isSuccess && (bool)answer["_rectifier_fail"]!);
            if (isRecorded)
            {
                Assert.Equal(isSuccess ? RunStatus.Succeeded : RunStatus.Rectified, Disk.Find(_disk.Events, "r")!.Status);
            }

            if (!value.HasThrown)
            {
                Assert.True(isSuccess && at > 1, $"{at} {answer.ToJsonString()} {string.Join(" ", _calls)}");
                return;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Exception_at_the_end_of_a_scope_changes_nothing(string exception, bool isRecorded, bool fails, bool hasLimit, bool isRetried)
    {
        JsonObject answer = await RunAsync(
            isRecorded, hasScopes: true, hasLimit, isRetried, name => fails && name == "b" ? new(HookResult.Fail("no")) : default, scopeEnd: s_exceptions[exception]);
        AssertEnd(answer, fails ? RunStatus.Rectified : RunStatus.Succeeded, isRecorded);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Exception_at_the_begin_of_a_scope_runs_nothing(string exception, bool isRecorded, bool isAsync, bool hasLimit, bool isRetried)
    {
        _ = isAsync;
        SpecOrchestrator orchestrator = await CreateAsync(isRecorded, hasLimit, isRetried, new TestClock(null), (_, _, _) => default);
        orchestrator.UseScopePerRun(new Scopes(s_exceptions[exception], null));
        Task run = orchestrator.RunAsync("p", null, new CallOptions { RunId = "r" }, Cancel);
        await run.ContinueWith(_ => { }, Cancel, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.False(run.IsCompletedSuccessfully);
        Assert.Empty(_calls);
        Assert.Empty(_disk.Events);

        // And the lane is free for the next.
        orchestrator.UseScopePerRun(new Scopes(null, null));
        Assert.True((await orchestrator.RunAsync("p", null, new CallOptions { RunId = "r" }, Cancel)).IsSuccess);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Exception_of_the_clock_at_any_of_its_calls_leaves_nothing_half_done(string exception, bool isRecorded, bool fails, bool hasLimit, bool isRetried)
    {
        for (int at = 1; ; at++)
        {
            var clock = new TestClock(s_exceptions[exception]) { ThrowsAt = at };
            _calls.Clear();
            _disk.Events.Clear();
            SpecOrchestrator orchestrator = await CreateAsync(
                isRecorded, hasLimit, isRetried, clock, (name, _, _) => fails && name == "b" ? new(HookResult.Fail("no")) : default);
            clock.Begin();
            JsonObject? answer = null;
            try
            {
                answer = (await orchestrator.RunAsync("p", null, new CallOptions { RunId = "r" }, Cancel)).Answer;
            }
            catch (Exception thrown) when (thrown is not Xunit.Sdk.XunitException)
            {
                Assert.Empty(_calls);
            }

            bool hasThrown = clock.HasThrown;
            RunStatus? end = answer is null || answer["_server_error"] is not null ? null
                : answer["_program_fail"] is null ? RunStatus.Succeeded
                : (bool)answer["_rectifier_fail"]! ? RunStatus.Stuck : RunStatus.Rectified;
            Assert.Equal(end is RunStatus.Succeeded or RunStatus.Stuck, _calls.Contains("a") && !_calls.Contains("ua"));
            if (isRecorded && Disk.Find(_disk.Events, "r") is { } recorded)
            {
                Assert.Equal(end, recorded.Status);
            }

            // What comes next runs as if nothing had been.
            clock.ThrowsAt = 0;
            _calls.Clear();
            Assert.Equal(fails, (await orchestrator.RunAsync("p", null, new CallOptions { RunId = "next" }, Cancel)).Answer["_program_fail"] is not null);
            if (!hasThrown)
            {
                Assert.True(at > 1);
                return;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Exception_of_the_journal_at_any_of_its_calls_leaves_nothing_half_done(string exception, bool fails, bool hasScopes, bool hasLimit, bool isRetried)
    {
        if (exception == "Journal")
        {
            // Of a journal in order: FailedJournalTests.
            return;
        }

        for (int at = 1; ; at++)
        {
            _calls.Clear();
            _disk.Events.Clear();
            var time = new TestClock(null);
            var journal = new ThrowingJournal(new MemoryJournal(_disk, new Crash()), s_exceptions[exception]);
            SpecOrchestrator orchestrator = await CreateAsync(
                false, hasLimit, isRetried, time, (name, _, _) => fails && name == "b" ? new(HookResult.Fail("no")) : default);
            if (hasScopes)
            {
                orchestrator.UseScopePerRun(new Scopes(null, null));
            }

            await orchestrator.UseJournalAsync(journal, Cancel);
            journal.ThrowAt(at);
            JsonObject? answer = null;
            try
            {
                answer = (await orchestrator.RunAsync("p", null, new CallOptions { RunId = "r" }, Cancel)).Answer;
            }
            catch (Exception thrown) when (thrown is not Xunit.Sdk.XunitException)
            {
                Assert.Empty(_calls);
            }

            // The run has its one outcome in the record, or nothing of it ran.
            bool hasThrown = journal.HasThrown;
            journal.ThrowAt(0);
            JournaledRun? recorded = await journal.Runs.FindAsync("r", cancellationToken: Cancel);
            Assert.True(recorded is null ? _calls.Count == 0 : recorded.Status != RunStatus.Unfinished, $"call {at}: {recorded?.Status} {string.Join(' ', _calls)}");
            Assert.Equal(recorded?.Status is RunStatus.Succeeded or RunStatus.Stuck, _calls.Contains("a") && !_calls.Contains("ua"));
            Assert.True(answer?["_server_error"] is not null || recorded is null || answer?["_program_fail"] is null == (recorded.Status == RunStatus.Succeeded));
            if (!hasThrown)
            {
                Assert.True(at > 3);
                return;
            }
        }
    }

    private static ValueTask<HookResult> Throw(string way, Func<Exception> exception) => way switch
    {
        "sync" => throw exception(),
        "async" => new(ThrowLater(exception)),
        _ => ValueTask.FromException<HookResult>(exception()),
    };

    private static async Task<HookResult> ThrowLater(Func<Exception> exception)
    {
        await Task.Yield();
        throw exception();
    }

    private async Task<JsonObject> RunAsync(
        bool isRecorded,
        bool hasScopes,
        bool hasLimit,
        bool isRetried,
        Func<string, ValueTask<HookResult>>? hook = null,
        Action<string, DataPool>? put = null,
        Func<Exception>? scopeEnd = null)
    {
        _calls.Clear();
        _disk.Events.Clear();
        SpecOrchestrator orchestrator = await CreateAsync(isRecorded, hasLimit, isRetried, new TestClock(null), (name, pool, _) =>
        {
            put?.Invoke(name, pool);
            return hook is null ? default : hook(name);
        });
        if (hasScopes)
        {
            orchestrator.UseScopePerRun(new Scopes(null, scopeEnd));
        }

        JsonObject answer = await orchestrator.AskAsync("p", "r");

        // The next run finds the lane free.
        int calls = _calls.Count;
        await orchestrator.AskAsync("p", "next");
        Assert.True(_calls.Count > calls);
        _calls.RemoveRange(calls, _calls.Count - calls);
        return answer;
    }

    private async Task<SpecOrchestrator> CreateAsync(bool isRecorded, bool hasLimit, bool isRetried, TimeProvider time, Hook hook)
    {
        string options = (hasLimit ? ",\"timeout_ms\":600000" : "") + (isRetried ? ",\"retry\":{\"attempts\":2,\"delay_ms\":1}" : "");
        SpecDefinition spec = SpecDefinitions.Compile($$"""
            { "name": "t", "programs": { "p": { "hooks": ["a", "b"], "args": {}, "outputs": { "out": { "type": "dict", "required": false } } } },
              "hooks": {
                "a": { "reference": "t.a", "args": {}, "rectifiers": ["ua"] {{options}} }, "ua": { "reference": "t.ua", "args": {} {{options}} },
                "b": { "reference": "t.b", "args": {} {{options}} } } }
            """);
        var orchestrator = new SpecOrchestrator(
            spec,
            (name, pool, context) =>
            {
                _calls.Add(name);
                return hook(name, pool, context);
            },
            logger: null,
            time);
        if (isRecorded)
        {
            await orchestrator.UseJournalAsync(new MemoryJournal(_disk, new Crash()), Cancel);
        }

        return orchestrator;
    }

    private void AssertEnd(JsonObject answer, RunStatus expected, bool isRecorded)
    {
        Assert.Equal(expected != RunStatus.Succeeded, answer["_program_fail"] is not null);
        if (expected != RunStatus.Succeeded)
        {
            Assert.Equal(expected == RunStatus.Stuck, (bool)answer["_rectifier_fail"]!);
            Assert.NotNull((string?)answer["_error"]);
            Assert.Equal(expected == RunStatus.Stuck ? "[]" : "[\"hooks.a\"]", answer["_rectified"]!.ToJsonString());
        }

        if (isRecorded)
        {
            Assert.Equal(expected, Disk.Find(_disk.Events, "r")!.Status);
        }
    }

    /// <summary>Everything that can be asked of it throws.</summary>
#pragma warning disable CA1064 // It is what a careless library would throw, not a type of ours.
    private sealed class EvilException : Exception
#pragma warning restore CA1064
    {
        public override string Message => throw new InvalidOperationException("message");

        public override string? StackTrace => throw new InvalidOperationException("stack");

        public override string? Source => throw new InvalidOperationException("source");

        public override System.Collections.IDictionary Data => throw new InvalidOperationException("data");

        public override string ToString() => throw new InvalidOperationException("string");
    }

    /// <summary>A value that throws when it is written.</summary>
    private sealed class Thrown(Func<Exception> exception, int throwsAt)
    {
        private int _writes;

        public bool HasThrown { get; private set; }

        public static JsonTypeInfo<Thrown> TypeInfo { get; } = (JsonTypeInfo<Thrown>)new JsonSerializerOptions
        {
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
            Converters = { new Converter() },
        }.GetTypeInfo(typeof(Thrown));

        private sealed class Converter : System.Text.Json.Serialization.JsonConverter<Thrown>
        {
            public override Thrown Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

            public override void Write(Utf8JsonWriter writer, Thrown value, JsonSerializerOptions options) => value.Write(writer);
        }

        private void Write(Utf8JsonWriter writer)
        {
            if (++_writes == throwsAt)
            {
                HasThrown = true;
                throw exception();
            }

            writer.WriteNumberValue(1);
        }
    }

    private sealed class Scopes(Func<Exception>? begin, Func<Exception>? end) : IServiceScopeFactory
    {
        public IServiceScope CreateScope() => begin is null ? new Scope(end) : throw begin();

        private sealed class Scope(Func<Exception>? end) : IServiceScope, IServiceProvider, IAsyncDisposable
        {
            public IServiceProvider ServiceProvider => this;

            public object? GetService(Type serviceType) => null;

            public void Dispose() => ThrowIfAsked();

            public ValueTask DisposeAsync()
            {
                ThrowIfAsked();
                return default;
            }

            private void ThrowIfAsked()
            {
                if (end is not null)
                {
                    throw end();
                }
            }
        }
    }

    /// <summary>The system's clock, but for one call.</summary>
    private sealed class TestClock(Func<Exception>? exception) : TimeProvider
    {
        private int _calls = int.MinValue;

        public int ThrowsAt { get; set; }

        public bool HasThrown { get; private set; }

        public void Begin() => _calls = 0;

        public override long GetTimestamp()
        {
            Count();
            return base.GetTimestamp();
        }

        public override DateTimeOffset GetUtcNow()
        {
            Count();
            return base.GetUtcNow();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Count();
            return new Timer(this, base.CreateTimer(callback, state, dueTime, period));
        }

        private void Count()
        {
            if (Interlocked.Increment(ref _calls) == ThrowsAt)
            {
                HasThrown = true;
                throw exception!();
            }
        }

        private sealed class Timer(TestClock clock, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

            public void Dispose() => timer.Dispose();

            public async ValueTask DisposeAsync()
            {
                await timer.DisposeAsync();
                clock.Count();
            }
        }
    }

    /// <summary>Breaks the contract of journals at one of its calls.</summary>
    private sealed class ThrowingJournal(IJournal inner, Func<Exception> exception) : DelegatingJournal(inner)
    {
        private int _calls;
        private int _throwsAt;

        public bool HasThrown { get; private set; }

        public override IRunStore Runs
        {
            get
            {
                Count();
                return base.Runs;
            }
        }

        public void ThrowAt(int call) => (_calls, _throwsAt) = (0, call);

        public override long Append(JournalEvent entry)
        {
            Count();
            return base.Append(entry);
        }

        public override ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken = default)
        {
            Count();
            return base.FlushAsync(position, canWait, cancellationToken);
        }

        private void Count()
        {
            if (++_calls == _throwsAt)
            {
                HasThrown = true;
                throw exception();
            }
        }
    }
}
