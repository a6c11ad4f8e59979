namespace Ryuso.AspNetCore.Tests;

/// <summary>The header Idempotency-Key.</summary>
public sealed class IdempotencyTests
{
    [Fact]
    public async Task Same_key_gives_the_recorded_answer_however_it_is_spelt()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(hasJournal: true);
        Answer first = await kiosk.BuyAsync(key: "order-7");
        Answer again = await kiosk.BuyAsync(key: "\"order-7\"");
        Assert.Equal((200, "order-7"), (first.Status, first.RunId));
        Assert.False(first.Headers.ContainsKey("Idempotent-Replayed"));
        Assert.Equal((200, "order-7", "true"), (again.Status, again.RunId, again.Headers["Idempotent-Replayed"]));
        Assert.Equal(first.Body.ToJsonString(), again.Body.ToJsonString());
        Assert.Equal(1, kiosk.Sales.Count);
    }

    [Fact]
    public async Task Recorded_failure_has_the_same_status()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(hasJournal: true);
        Answer first = await kiosk.BuyAsync("bug", "k");
        Answer again = await kiosk.BuyAsync("bug", "k");
        Assert.Equal((500, 500, "true"), (first.Status, again.Status, again.Headers["Idempotent-Replayed"]));
        Assert.Equal(first.Body.ToJsonString(), again.Body.ToJsonString());
        Assert.Equal(1, kiosk.Sales.Count);
    }

    [Fact]
    public async Task Key_of_another_request_is_refused()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(hasJournal: true);
        await kiosk.BuyAsync(key: "k");
        Answer other = await kiosk.BuyAsync(key: "k", cents: 6);
        Assert.Equal((422, "urn:ryuso:key-reused"), (other.Status, other.Type));
        Assert.Equal(1, kiosk.Sales.Count);
    }

    [Fact]
    public async Task Same_key_while_it_runs_waits_for_the_answer()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(hasJournal: true);
        Task<Answer> first = kiosk.BuyAsync("wait", "k");
        await kiosk.Sales.Begun.Task.WaitAsync(TestContext.Current.CancellationToken);
        Task<Answer> again = kiosk.BuyAsync("wait", "k");
        kiosk.Sales.GoOn.SetResult();
        Assert.Equal((await first).Body.ToJsonString(), (await again).Body.ToJsonString());
        Assert.Equal(1, kiosk.Sales.Count);
    }

    [Fact]
    public async Task Key_without_a_journal_is_refused_and_not_ignored()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync();
        Answer refused = await kiosk.BuyAsync(key: "k");
        Assert.Equal((400, "urn:ryuso:key-unsupported"), (refused.Status, refused.Type));
        Assert.Contains("no journal", (string)refused.Body["detail"]!, StringComparison.Ordinal);
        Assert.Equal(0, kiosk.Sales.Count);
    }

    [Fact]
    public async Task Key_can_be_required()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(hasJournal: true, http: http => http.RequiresIdempotencyKey = true);
        Assert.Equal("urn:ryuso:key-required", (await kiosk.BuyAsync()).Type);
        Assert.Equal(200, (await kiosk.BuyAsync(key: "k")).Status);
    }

    [Theory]
    [InlineData("\"open")]
    [InlineData("\"\"")]
    [InlineData("two words")]
    [InlineData("a\"b")]
    [InlineData("\"a\\n\"")]
    [InlineData("\"a\"b")]
    public async Task Malformed_key_is_refused(string key)
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(hasJournal: true);
        Assert.Equal((400, "urn:ryuso:bad-request"), await Sent(key));
        Assert.Equal((400, "urn:ryuso:bad-request"), await Sent(new string('k', 201)));
        Assert.Equal((200, null), await Sent(new string('k', 200)));
        Assert.Equal((200, null), await Sent("\"two words, \\\"quoted\\\"\""));

        async Task<(int, string?)> Sent(string sent)
        {
            Answer answer = await kiosk.BuyAsync(key: sent);
            return (answer.Status, answer.Type);
        }
    }

    [Fact]
    public async Task Callers_have_keys_of_their_own()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(
            hasJournal: true, http: http => http.Caller = context => context.Request.Headers["X-User"].ToString());
        kiosk.Client.DefaultRequestHeaders.Add("X-User", "a:b");
        Answer first = await kiosk.BuyAsync(key: "k");
        kiosk.Client.DefaultRequestHeaders.Remove("X-User");
        kiosk.Client.DefaultRequestHeaders.Add("X-User", "a");
        Answer second = await kiosk.BuyAsync(key: "b:k");
        Assert.Equal(("a%3Ab:k", "a:b:k"), (first.RunId, second.RunId));
        Assert.Equal(2, kiosk.Sales.Count);
    }
}
