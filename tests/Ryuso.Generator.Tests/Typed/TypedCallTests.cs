using System.Text.Json.Nodes;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Ryuso.Sqlite;
using Typed;

namespace Ryuso.Generator.Tests.Typed;

/// <summary>A typed in-process call is the untyped one without its JSON: hooks see the same, and so does the caller.</summary>
public class TypedCallTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private const string Half = "\uD83D";

    private static readonly string[] s_texts = ["", "alice", "Größe 名前 😀", "\"\\\n\0", "throw", "half", Half, "a" + Half + "b", "\uDE00\uD83D", new('x', 3000), null!];
    private static readonly long[] s_counts = [0, -1, 5, long.MaxValue, long.MinValue, 1L << 53];

    private static readonly double[] s_rates =
    [
        0, -0.0, 0.5, 5, -5, 0.1, 1e14, 999999999999999, 1e15, -1e15, 1e16, 9.2e18, 1e19, 1e300, double.Epsilon, double.MaxValue, 1.0 / 3,
        double.NaN, double.PositiveInfinity, double.NegativeInfinity,
    ];

    private static readonly Gen<JsonNode?> s_value = Gen.Recursive<JsonNode?>((depth, value) => Gen.Frequency(
        (1, Gen.Const(default(JsonNode))),
        (4, AnyOf(s_texts[..^1]).Select(t => (JsonNode?)JsonValue.Create(t))),
        (2, AnyOf(s_counts).Select(c => (JsonNode?)JsonValue.Create(c))),
        (1, Gen.Int.Select(c => (JsonNode?)JsonValue.Create(c))),
        (4, AnyOf(s_rates[..^3]).Select(r => (JsonNode?)JsonValue.Create(r))),
        (1, Gen.Const(0).Select(_ => (JsonNode?)JsonValue.Create(double.NaN))),
        (1, Gen.Const(0).Select(_ => JsonNode.Parse("12345678901234567890.10"))),
        (depth > 3 ? 0 : 3, value.Array[0, 4].Select(items => (JsonNode?)new JsonArray([.. items.Select(i => i?.DeepClone())]))),
        (depth > 3 ? 0 : 3, value.Array[0, 3].Select(items => (JsonNode?)new JsonObject(items.Select((item, i) => KeyValuePair.Create("k" + i, item?.DeepClone()))))),
        (depth > 0 ? 0 : 1, Gen.Int[55, 70].Select(Deep))));

    private static readonly Gen<JsonArray> s_list = s_value.Array[0, 5].Select(items => new JsonArray([.. items.Select(i => i?.DeepClone())]));

    private static readonly Gen<ScalarsArgs> s_scalars = Gen.Select(
        AnyOf(s_texts), AnyOf(s_counts), AnyOf(s_rates), Gen.Bool, AnyOf(s_texts), AnyOf(s_rates), Gen.Bool)
        .Select((text, count, rate, flag, more, other, has) => new ScalarsArgs(text, count, rate, flag)
        {
            OptionalText = more,
            OptionalCount = has ? count : null,
            OptionalRate = has ? other : null,
            DefaultText = more ?? "d",
            DefaultRate = other,
            User = has ? null : other,
        });

    [Fact]
    public async Task Typed_call_of_scalars_equals_the_untyped_one() => await s_scalars.SampleAsync(
        args => SameAsync(o => o.ScalarsAsync(args, Cancel), "scalars", args.ToPool, ScalarsOutputs.FromAnswer), iter: 3000, threads: 1);

    [Fact]
    public async Task Typed_call_of_lists_and_dicts_equals_the_untyped_one() => await Gen.Select(s_list, s_value, AnyOf(s_rates)).SampleAsync(
        (items, meta, rate) =>
        {
            var args = new NestedArgs(items) { Meta = meta as JsonObject, Rate = rate };
            return SameAsync(o => o.NestedAsync(args, Cancel), "nested", args.ToPool, NestedOutputs.FromAnswer);
        },
        iter: 2000,
        threads: 1);

    [Theory]
    [InlineData(5.0, true)]
    [InlineData(5.5, false)]
    [InlineData(-0.0, true)]
    [InlineData(1e15, true)]
    [InlineData(1e300, false)]
    public async Task Float_argument_without_a_fraction_is_an_int_in_the_pool_as_in_the_untyped_call(double rate, bool isInt)
    {
        var args = new InnerCountArgs(rate);
        Assert.Equal(isInt, (await new TypedOrchestrator().InnerCountAsync(args, Cancel)).IsSuccess);
        await SameAsync(o => o.InnerCountAsync(args, Cancel), "inner_count", args.ToPool, InnerCountOutputs.FromAnswer);
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "-Infinity")]
    public async Task Argument_that_is_no_number_of_JSON_is_rejected_by_name(double rate, string number)
    {
        ProgramResult<ScalarsOutputs> result = await new TypedOrchestrator().ScalarsAsync(new("alice", 1, rate, true), Cancel);
        Assert.True(result.IsRejected);
        Assert.Equal("invalid_arguments", (string?)result.Answer["_error_code"]);
        Assert.Equal($"The program 'scalars' cannot run: 'rate' must not be {number}: JSON has no such number.", result.Error);
    }

    [Fact]
    public async Task Value_within_a_list_that_is_no_JSON_is_rejected_by_the_name_of_its_argument()
    {
        ProgramResult<NestedOutputs> result = await new TypedOrchestrator().NestedAsync(new(new JsonArray(1, double.NaN)), Cancel);
        Assert.StartsWith("The program 'nested' cannot run: 'items' cannot be written as JSON: ", result.Error, StringComparison.Ordinal);
        Assert.True(result.IsRejected);
    }

    [Fact]
    public async Task Answer_of_a_typed_call_is_made_once()
    {
        ProgramResult<ScalarsOutputs> result = await new TypedOrchestrator().ScalarsAsync(new("alice", 1, 2, true), Cancel);
        Assert.True(result is { IsSuccess: true, IsRejected: false, IsStuck: false, Error: null });
        result.Answer["more"] = 1;
        Assert.Equal(1, (int?)result.Answer["more"]);
    }

    [Fact]
    public async Task List_of_an_argument_stays_the_caller_s_own()
    {
        JsonArray items = [1];
        ProgramResult<NestedOutputs> result = await new TypedOrchestrator().NestedAsync(new(items), Cancel);
        items.Add(2);
        Assert.Equal("[1]", result.Outputs!.Items.ToJsonString());
    }

    [Fact]
    public async Task Calls_that_wait_and_end_asynchronously_give_each_its_own_outputs()
    {
        var gate = new TaskCompletionSource();
        (TypedOrchestrator orchestrator, Echo echo) = Make();
        echo.Gate = gate.Task;
        Task<ProgramResult<ScalarsOutputs>>[] calls = [.. Enumerable.Range(0, 20).Select(i => orchestrator.ScalarsAsync(new("t" + i, i, i, true)))];
        using var gone = new CancellationTokenSource();
        Task<ProgramResult<ScalarsOutputs>> cancelled = orchestrator.ScalarsAsync(new("never", 0, 0, true), gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.All(calls, call => Assert.False(call.IsCompleted));
        gate.SetResult();
        ProgramResult<ScalarsOutputs>[] results = await Task.WhenAll(calls);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"t{i}é\""), results.Select(r => r.Outputs!.OutText));
        Assert.DoesNotContain(echo.Seen, line => line.Contains("never"));
    }

    [Fact]
    public async Task Token_that_has_fired_cancels_the_call()
    {
        (TypedOrchestrator orchestrator, Echo echo) = Make();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => orchestrator.ScalarsAsync(new("a", 0, 0, true), new CancellationToken(canceled: true)));
        Assert.Empty(echo.Seen);
    }

    [Fact]
    public async Task Options_give_the_run_its_id_and_metadata()
    {
        (TypedOrchestrator orchestrator, Echo echo) = Make();
        var options = new CallOptions { RunId = "r1", Metadata = new JsonObject { ["agent"] = 5 } };
        ProgramResult<ScalarsOutputs> result = await orchestrator.ScalarsAsync(new("throw", 1, 2, true), options, Cancel);
        Assert.Equal("r1", (string?)result.Answer["_run_id"]);
        Assert.Equal(5, (int?)result.Answer["_agent"]);
        Assert.Contains(echo.Seen, line => line.StartsWith("_agent: 5 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Typed_and_untyped_requests_of_one_run_id_are_the_same_request_to_the_journal()
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using (var journal = new SqliteJournal(file))
        {
            (TypedOrchestrator orchestrator, Echo echo) = Make();
            await orchestrator.UseJournalAsync(journal, Cancel);
            var args = new ScalarsArgs("alice", 5, 5, true);
            ProgramResult<ScalarsOutputs> typed = await orchestrator.ScalarsAsync(args, new CallOptions { RunId = "r" }, Cancel);
            int seen = echo.Seen.Count;
            ProgramResult again = await orchestrator.RunAsync("scalars", args.ToPool(), new CallOptions { RunId = "r" }, Cancel);
            Assert.True(typed.IsSuccess);
            Assert.Equal(typed.Answer.ToJsonString(), again.Answer.ToJsonString());
            Assert.Equal(seen, echo.Seen.Count);
            ProgramResult<ScalarsOutputs> repeated = await orchestrator.ScalarsAsync(args, new CallOptions { RunId = "r" }, Cancel);
            Assert.Equal(typed.Outputs, repeated.Outputs);
            Assert.Equal(seen, echo.Seen.Count);
            ProgramResult<ScalarsOutputs> other = await orchestrator.ScalarsAsync(args with { Count = 6 }, new CallOptions { RunId = "r" }, Cancel);
            Assert.True(other.IsRejected);
        }

        Array.ForEach(Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(file) + "*"), File.Delete);
    }

    [Fact]
    public async Task Scopes_make_the_hooks_of_a_typed_call_anew()
    {
        int made = 0;
        var services = new ServiceCollection().AddScoped(_ => { made++; return new Echo(); });
        await using ServiceProvider provider = services.BuildServiceProvider();
        TypedOrchestrator orchestrator = new(provider);
        orchestrator.UseScopePerRun(provider.GetRequiredService<IServiceScopeFactory>());
        Assert.True((await orchestrator.ScalarsAsync(new("alice", 1, 2, true), Cancel)).IsSuccess);
        Assert.True((await orchestrator.ScalarsAsync(new("alice", 1, 2, true), Cancel)).IsSuccess);
    }

    private static Gen<T> AnyOf<T>(T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static JsonNode? Deep(int depth)
    {
        JsonNode? node = 1;
        for (int i = 0; i < depth; i++)
        {
            node = new JsonArray(node);
        }

        return node;
    }

    private static (TypedOrchestrator Orchestrator, Echo Echo) Make()
    {
        var orchestrator = new TypedOrchestrator();
        const System.Reflection.BindingFlags Hidden = System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic;
        object hooks = typeof(Orchestrator).GetProperty("SharedHooks", Hidden)!.GetValue(orchestrator)!;
        var echo = (Echo)hooks.GetType().GetField("_echo", Hidden)!.GetValue(hooks)!;
        return (orchestrator, echo);
    }

    private static async Task SameAsync<TOutputs>(
        Func<TypedOrchestrator, Task<ProgramResult<TOutputs>>> call, string program, Func<JsonObject> pool, Func<JsonObject, TOutputs> fromAnswer)
        where TOutputs : class
    {
        (TypedOrchestrator one, Echo typedEcho) = Make();
        (TypedOrchestrator other, Echo untypedEcho) = Make();
        ProgramResult<TOutputs> typed = await call(one);
        ProgramResult untyped = await other.RunAsync(program, pool(), cancellationToken: Cancel);
        Assert.Equal(untypedEcho.Seen, typedEcho.Seen);
        Assert.Equal((untyped.IsSuccess, untyped.IsRejected, untyped.IsStuck, untyped.Error), (typed.IsSuccess, typed.IsRejected, typed.IsStuck, typed.Error));
        Assert.Equal(Comparable(untyped.Answer), Comparable(typed.Answer));
        Assert.Equal(untyped.IsSuccess, typed.Outputs is not null);
        if (typed.Outputs is not null)
        {
            Assert.Equal(Text(fromAnswer(untyped.Answer)), Text(typed.Outputs));
        }
    }

    private static string Comparable(JsonObject answer)
    {
        var copy = (JsonObject)answer.DeepClone();
        copy.Remove("_run_id");
        copy.Remove("_program_time_start");
        return copy.ToJsonString();
    }

    /// <summary>Every property, floats to their last bit.</summary>
    private static string Text(object record) => string.Join("\n", record.GetType().GetProperties().Where(p => p.Name != "EqualityContract").Select(p => p.GetValue(record) switch
    {
        double number => $"{p.Name}: {BitConverter.DoubleToInt64Bits(number)}",
        JsonNode node => $"{p.Name}: {node.ToJsonString()}",
        var value => $"{p.Name}: {value}",
    }));
}
