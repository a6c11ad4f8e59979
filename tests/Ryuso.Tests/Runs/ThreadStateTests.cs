using System.Globalization;
using Ryuso.TestKit;
using Ryuso.Tests.Running;

namespace Ryuso.Tests.Runs;

/// <summary>What a hook leaves on its thread meets neither the next hook nor whoever called.</summary>
public sealed class ThreadStateTests
{
    private const string Spec = """
        {"name":"t","programs":{"leave":{"hooks":["leave"],"args":{},"outputs":{}},"look":{"hooks":["look"],"args":{},"outputs":{}},
         "both":{"hooks":["leave","look"],"args":{},"outputs":{}}},
         "hooks":{"leave":{"reference":"x.l","args":{}},"look":{"reference":"x.k","args":{}}}}
        """;

    private static readonly AsyncLocal<string?> s_local = new();

    [Theory]
    [InlineData("leave", "look")]
    [InlineData("both", null)]
    public async Task SynchronizationContext_that_a_hook_sets_is_gone_for_the_next_hook(string first, string? second)
    {
        bool? isClean = null;
        await RunAsync(
            () => SynchronizationContext.SetSynchronizationContext(new Trap()),
            () => isClean = SynchronizationContext.Current is null,
            first,
            second);
        Assert.True(isClean);
    }

    [Fact]
    public async Task Culture_and_locals_that_a_hook_sets_are_gone_for_the_next_run()
    {
        string? seen = null;
        await RunAsync(
            () =>
            {
                CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "!" } };
                s_local.Value = "left";
            },
            () => seen = string.Create(CultureInfo.CurrentCulture, $"{1.5} {s_local.Value}"),
            "leave",
            "look");
        Assert.Equal("1.5 ", seen);
    }

    [Fact]
    public async Task Flow_that_a_hook_suppresses_flows_again_for_the_next_run()
    {
        bool? isSuppressed = null;
        await RunAsync(() => ExecutionContext.SuppressFlow(), () => isSuppressed = ExecutionContext.IsFlowSuppressed(), "leave", "look");
        Assert.False(isSuppressed);
    }

    [Fact]
    public async Task Flow_that_the_caller_has_suppressed_keeps_what_hooks_set_from_the_caller()
    {
        (bool IsSuppressed, string? Local) after = default;
        await OnThreadAsync(() =>
        {
            var orchestrator = SpecOrchestrator.Of(Spec, (_, _) =>
            {
                s_local.Value = "left";
                return HookResult.Ok;
            });
            ExecutionContext.SuppressFlow();
            Run(orchestrator, "leave");
            after = (ExecutionContext.IsFlowSuppressed(), s_local.Value);
            ExecutionContext.RestoreFlow();
        });
        Assert.Equal((true, null), after);
    }

    private static Task RunAsync(Action leave, Action look, string first, string? second) => OnThreadAsync(() =>
    {
        var orchestrator = SpecOrchestrator.Of(Spec, (name, _) =>
        {
            (name == "leave" ? leave : look)();
            return HookResult.Ok;
        });
        Run(orchestrator, first);
        if (second is not null)
        {
            Run(orchestrator, second);
        }
    });

    /// <summary>As an event loop calls it: nothing between this thread and the hooks restores what belongs to the thread.</summary>
    private static void Run(SpecOrchestrator orchestrator, string program)
    {
        var answer = new System.Buffers.ArrayBufferWriter<byte>();
        byte[] request = System.Text.Encoding.UTF8.GetBytes($$"""{"program":"{{program}}"}""");
        Assert.True(orchestrator.RunRequestAsync(request, answer, CancellationToken.None).AsTask().IsCompletedSuccessfully);
        Assert.Equal("{}"u8, answer.WrittenSpan);
    }

    /// <summary>On a thread of its own, so that a failing test spoils no thread of the pool.</summary>
    private static Task OnThreadAsync(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        thread.UnsafeStart();
        return done.Task;
    }

    /// <summary>Takes what is posted and never runs it.</summary>
    private sealed class Trap : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
