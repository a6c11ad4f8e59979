using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Ryuso.AspNetCore.Tests;

/// <summary>Each outcome has its status, its type and its words.</summary>
public sealed class OutcomeTests
{
    [Fact]
    public async Task Success_is_the_outputs_and_nothing_else()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync();
        Answer bought = await kiosk.BuyAsync();
        Assert.Equal((200, "application/json"), (bought.Status, bought.MediaType));
        Assert.Equal("""{"receipt":1}""", bought.Body.ToJsonString());
        Assert.NotEmpty(bought.RunId!);
        Assert.Equal("no-store", bought.Headers["Cache-Control"]);
        Assert.False(bought.Headers.ContainsKey("Idempotent-Replayed"));
    }

    [Theory]
    [InlineData("fail", 422, "failed", "failed")]
    [InlineData("refuse", 422, "failed", "refused")]
    [InlineData("code", 422, "failed", "sold_out")]
    [InlineData("bug", 500, "failed", "threw")]
    [InlineData("late", 500, "failed", "timed_out")]
    [InlineData("stuck", 500, "stuck", null)]
    public async Task Failure_says_what_failed_and_what_was_undone(string how, int status, string type, string? code)
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync();
        Answer failed = await kiosk.BuyAsync(how);
        Assert.Equal((status, "application/problem+json", "urn:ryuso:" + type), (failed.Status, failed.MediaType, failed.Type));
        Assert.Equal(status, (int)failed.Body["status"]!);
        Assert.Equal("buy", (string?)failed.Body["program"]);
        Assert.Equal(failed.RunId, (string?)failed.Body["run_id"]);
        Assert.NotEmpty((string)failed.Body["detail"]!);
        Assert.Equal(type == "stuck" ? [] : ["hooks.charge"], failed.Rectified);
        Assert.Equal(type == "stuck" ? 1 : 0, failed.Body["unrectified"]!.AsArray().Count);
        if (code is not null)
        {
            Assert.Equal(code, failed.Code);
            Assert.Equal("hooks.hand_over", (string?)failed.Body["failed"]);
        }
    }

    [Fact]
    public async Task Wrong_arguments_are_named_one_by_one()
    {
        foreach (string? key in new[] { null, "k" })
        {
            await using WebKiosk kiosk = await WebKiosk.StartAsync(hasJournal: key is not null);
            Answer refused = await kiosk.PostAsync("/programs/buy", """{"cents":"5"}""", key);
            Assert.Equal((400, "urn:ryuso:invalid-arguments", "invalid_arguments"), (refused.Status, refused.Type, refused.Code));
            JsonObject errors = refused.Body["errors"]!.AsObject();
            Assert.Equal(["cents", "customer"], errors.Select(e => e.Key).Order());
            Assert.Contains("'cents' must be int", refused.Text, StringComparison.Ordinal);
            Assert.Contains("must be int", (string)errors["cents"]![0]!, StringComparison.Ordinal);
            Assert.Equal(0, kiosk.Sales.Count);
        }
    }

    [Fact]
    public async Task Keys_of_a_stuck_run_are_refused()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(hasJournal: true);
        Assert.Equal("urn:ryuso:stuck", (await kiosk.BuyAsync("stuck")).Type);
        Answer held = await kiosk.BuyAsync();
        Assert.Equal((409, "urn:ryuso:quarantined", "quarantined"), (held.Status, held.Type, held.Code));
        Assert.Equal(200, (await kiosk.BuyAsync(customer: "bob")).Status);
    }

    [Fact]
    public async Task Busy_server_says_when_to_come_back()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(ryuso: options => options.Server.MaxQueueLengthPerKey = 1);
        Task<Answer> running = kiosk.BuyAsync("wait");
        await kiosk.Sales.Begun.Task.WaitAsync(TestContext.Current.CancellationToken);

        // One of them waits, the others find the queue full.
        Task<Answer>[] others = [.. Enumerable.Range(0, 3).Select(_ => kiosk.BuyAsync())];
        Answer refused = await await Task.WhenAny(others);
        Assert.Equal((503, "urn:ryuso:busy", "1"), (refused.Status, refused.Type, refused.Headers["Retry-After"]));
        kiosk.Sales.GoOn.SetResult();
        Assert.Equal(200, (await running).Status);
        Assert.Contains(200, (await Task.WhenAll(others)).Select(a => a.Status));
    }

    [Fact]
    public async Task Request_that_is_gone_while_it_waits_runs_nothing()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using WebKiosk kiosk = await WebKiosk.StartAsync(use: app => app.Use(async (HttpContext context, RequestDelegate next) =>
        {
            bool isWatched = context.Request.Query.ContainsKey("watched");
            try
            {
                Task served = next(context);
                _ = isWatched && arrived.TrySetResult();
                await served;
            }
            finally
            {
                _ = isWatched && left.TrySetResult();
            }
        }));
        Task<Answer> running = kiosk.BuyAsync("wait");
        await kiosk.Sales.Begun.Task.WaitAsync(TestContext.Current.CancellationToken);
        using var gone = new CancellationTokenSource();
        Task<HttpResponseMessage> waiting = kiosk.Client.PostAsync(
            "/programs/buy?watched", new StringContent("""{"customer":"ada","cents":1}""", Encoding.UTF8, "application/json"), gone.Token);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        kiosk.Sales.GoOn.SetResult();
        Assert.Equal(200, (await running).Status);
        Assert.Equal(200, (await kiosk.BuyAsync()).Status);
        Assert.Equal(2, kiosk.Sales.Count);
    }

    [Fact]
    public async Task Unknown_program_and_other_methods_are_told_apart()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync();
        Answer unknown = await kiosk.PostAsync("/programs/bye", "{}");
        Assert.Equal((404, "urn:ryuso:unknown-program"), (unknown.Status, unknown.Type));
        Answer read = await kiosk.SendAsync(HttpMethod.Get, "/programs/buy");
        Assert.Equal((405, "POST"), (read.Status, read.Headers["Allow"]));
    }

    [Fact]
    public async Task Programs_are_described()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync();
        Answer described = await kiosk.SendAsync(HttpMethod.Get, "/programs");
        Assert.Equal(["buy", "who"], described.Body["programs"]!.AsObject().Select(p => p.Key));
    }

    [Fact]
    public async Task Body_that_is_too_long_is_refused_with_and_without_its_length()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(ryuso: options => options.Server.MaxRequestBytes = 100);
        string body = $$"""{"customer":"{{new string('x', 90)}}","cents":1}""";
        Assert.Equal((413, "urn:ryuso:too-large"), await Sent(new StringContent(body, Encoding.UTF8, "application/json")));
        using var stream = new StreamContent(new Unsized(Encoding.UTF8.GetBytes(body)));
        stream.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        Assert.Equal((413, "urn:ryuso:too-large"), await Sent(stream));
        Assert.Equal(200, (await kiosk.BuyAsync()).Status);

        async Task<(int, string?)> Sent(HttpContent content)
        {
            Answer answer = await kiosk.SendAsync(HttpMethod.Post, "/programs/buy", content);
            return (answer.Status, answer.Type);
        }
    }

    [Fact]
    public async Task Only_json_in_utf8_is_read()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync();
        Answer form = await kiosk.PostAsync("/programs/who", "a=b", type: "application/x-www-form-urlencoded");
        Assert.Equal((415, "urn:ryuso:unsupported-media-type"), (form.Status, form.Type));
        Assert.Equal(415, (await kiosk.SendAsync(HttpMethod.Post, "/programs/who", new StringContent("{}", Encoding.Unicode, "application/json"))).Status);
        using var packed = new StringContent("{}", Encoding.UTF8, "application/json");
        packed.Headers.ContentEncoding.Add("gzip");
        Assert.Equal(415, (await kiosk.SendAsync(HttpMethod.Post, "/programs/who", packed)).Status);
        Assert.Equal(200, (await kiosk.SendAsync(HttpMethod.Post, "/programs/who")).Status);
        Assert.Equal(200, (await kiosk.PostAsync("/programs/who", "{}", type: "application/vnd.kiosk+json")).Status);
    }

    private sealed class Unsized(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
