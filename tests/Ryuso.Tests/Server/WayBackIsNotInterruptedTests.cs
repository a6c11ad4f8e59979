using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.TestKit;
using Ryuso.Tests.Running;

namespace Ryuso.Tests.Server;

/// <summary>Neither a client that has gone nor a shutdown stops a rectifier or keeps the next one from running.</summary>
public sealed class WayBackIsNotInterruptedTests : IAsyncDisposable
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RyusoServer _server;
    private bool _cancellable;

    public WayBackIsNotInterruptedTests()
    {
        SpecOrchestrator orchestrator = SpecOrchestrator.Of(
            """{"name":"t","programs":{"p":{"hooks":["a","b","c"],"args":{},"outputs":{}}},"hooks":{"a":{"reference":"t.a","args":{},"rectifiers":["ua"]},"b":{"reference":"t.b","args":{},"rectifiers":["ub"]},"c":{"reference":"t.c","args":{}},"ua":{"reference":"t.ua","args":{}},"ub":{"reference":"t.ub","args":{}}}}""",
            async (hook, _, context) =>
            {
                if (hook == "ub")
                {
                    _entered.SetResult();
                    await _gate.Task;
                    _cancellable = context.CancellationToken.CanBeCanceled;
                }

                if (hook == "ua")
                {
                    _ended.SetResult();
                }

                return hook == "c" ? HookResult.Fail("no") : HookResult.Ok;
            });
        _server = new RyusoServer(orchestrator, new RyusoServerOptions { Port = 0, LoggerFactory = NullLoggerFactory.Instance });
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _gate.TrySetResult();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Client_that_has_gone_does_not_stop_rectification()
    {
        PlainClient.Reset(await UntilTheWayBackAsync());
        _gate.SetResult();
        await _ended.Task.WaitAsync(Cancel);
        Assert.False(_cancellable);
    }

    [Fact]
    public async Task Stop_waits_for_rectification_and_sends_the_answer()
    {
        using Socket socket = await UntilTheWayBackAsync();
        Task stop = _server.StopAsync(Cancel);
        Assert.False(stop.IsCompleted);
        _gate.SetResult();
        Assert.Equal("""["hooks.b","hooks.a"]""", JsonNode.Parse(await PlainClient.ReadAsync(socket))!["_rectified"]!.ToJsonString());
        socket.Dispose();
        await stop;
    }

    [Fact]
    public async Task Stop_that_is_given_up_does_not_stop_rectification()
    {
        using Socket socket = await UntilTheWayBackAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _server.StopAsync(new CancellationToken(canceled: true)));
        _gate.SetResult();
        await _ended.Task.WaitAsync(Cancel);
        Assert.False(_cancellable);
    }

    private async Task<Socket> UntilTheWayBackAsync()
    {
        await _server.StartAsync(Cancel);
        Socket socket = await PlainClient.SendAsync(_server.EndPoint, """{"program":"p"}""");
        await _entered.Task.WaitAsync(Cancel);
        return socket;
    }
}
