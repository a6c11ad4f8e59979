using System.Text;
using Ryuso.Protocol;
using Ryuso.Recording;
using Ryuso.Server.Connections;

namespace Ryuso.Tests.Server;

/// <summary>What a connection has received and what it has not sent yet, without a connection.</summary>
public sealed class BufferTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Requests_are_found_one_after_the_other_and_white_space_between_belongs_to_none()
    {
        ReceiveBuffer buffer = Received(new MemoryBudget(1000, 1000), " {\"a\":1}\n\n{\"b\":2} {\"c\"");
        Assert.Equal(FramingResult.Complete, buffer.Scan());
        Assert.Equal(" {\"a\":1}", Text(buffer.RequestSpan));
        buffer.ConsumeRequest();
        Assert.Equal(FramingResult.Complete, buffer.Scan());
        Assert.Equal("{\"b\":2}", Text(buffer.RequestSpan).TrimStart());
        buffer.ConsumeRequest();
        Assert.Equal(FramingResult.NeedMore, buffer.Scan());
        Assert.True(buffer.HasPending);
        Assert.Equal("{\"c\"", Text(buffer.Pending).TrimStart());
        Receive(buffer, ":3}");
        Assert.Equal(FramingResult.Complete, buffer.Scan());
        buffer.ConsumeRequest();
        Assert.False(buffer.HasPending);
    }

    [Fact]
    public void Request_that_another_parser_has_read_is_consumed_by_its_length()
    {
        ReceiveBuffer buffer = Received(new MemoryBudget(1000, 1000), "{\"a\":1}{\"b\":2}");
        Assert.Equal("{\"a\":1}{\"b\":2}", Text(buffer.Unscanned));
        buffer.Consume(7);
        Assert.Equal("{\"b\":2}", Text(buffer.Unscanned));
        buffer.Scan();
        Assert.True(buffer.Unscanned.IsEmpty, "What has been scanned would be read twice.");
    }

    [Fact]
    public void Buffer_grows_to_the_largest_request_and_no_further_and_gives_all_of_it_back()
    {
        var budget = new MemoryBudget(maxBytes: 1_000_000, maxRequestBytes: 100_000);
        var buffer = new ReceiveBuffer(maxRequestBytes: 100_000, maxDepth: 64, budget) { IsAuthorized = true };
        Receive(buffer, "{\"a\":\"" + new string('x', 99_994));
        Assert.True(buffer.IsFull);
        Assert.Equal(100_000, buffer.Pending.Length);
        Assert.Equal(100_000, budget.Used);
        buffer.Clear();
        Assert.Equal(0, budget.Used);
        Assert.False(buffer.HasPending);
    }

    [Fact]
    public void Buffer_without_budget_takes_no_more_and_keeps_what_it_has()
    {
        var budget = new MemoryBudget(maxBytes: 200_000, maxRequestBytes: 100_000);
        Assert.True(budget.TryReserve(80_000, isAuthorized: true));
        var buffer = new ReceiveBuffer(maxRequestBytes: 100_000, maxDepth: 64, budget) { IsAuthorized = true };
        string half = "{\"a\":\"" + new string('x', 16_378);
        Receive(buffer, half);
        Assert.False(buffer.TryGetMemory(out _));
        Assert.Equal(half, Text(buffer.Pending));
        Assert.Equal(80_000, budget.Used);
    }

    [Fact]
    public void Stranger_shares_less_until_it_has_shown_the_token()
    {
        var budget = new MemoryBudget(maxBytes: 400_000, maxRequestBytes: 100_000);
        Assert.True(budget.TryReserve(90_000, isAuthorized: false));
        var buffer = new ReceiveBuffer(maxRequestBytes: 100_000, maxDepth: 64, budget);
        Receive(buffer, new string('x', 16_384));
        Assert.False(buffer.TryGetMemory(out _));
        buffer.Authorize();
        Assert.True(buffer.TryGetMemory(out _));
        buffer.Clear();
        Assert.Equal(90_000, budget.Used);
    }

    [Fact]
    public void Bytes_of_a_stranger_who_shows_the_token_are_free_for_other_strangers()
    {
        var budget = new MemoryBudget(maxBytes: 400_000, maxRequestBytes: 100_000);
        var buffer = new ReceiveBuffer(maxRequestBytes: 100_000, maxDepth: 64, budget);
        Receive(buffer, new string('x', 20_000));
        Assert.False(budget.TryReserve(80_000, isAuthorized: false));
        buffer.Authorize();
        Assert.True(budget.TryReserve(80_000, isAuthorized: false));
        buffer.Clear();
        Assert.Equal(80_000, budget.Used);
    }

    [Fact]
    public void Answers_with_ids_are_lines_that_begin_with_them()
    {
        var buffer = new SendBuffer();
        Answer(buffer, "7", "{\"a\":1}");
        Answer(buffer, "\"x\"", "{}");
        Answer(buffer, "", "{\"b\":2}");
        Assert.Equal("{\"_id\":7,\"a\":1}\n{\"_id\":\"x\"}\n{\"b\":2}", Text(buffer.Written.Span));
    }

    [Fact]
    public void Answer_that_has_begun_can_be_rewound_or_taken_back()
    {
        var buffer = new SendBuffer();
        Answer(buffer, "1", "{}");
        buffer.Begin("2"u8);
        Write(buffer, "{\"half");
        buffer.Rewind();
        Write(buffer, "{\"b\":2}");
        Assert.Equal("{\"_id\":1}\n", Text(buffer.CompletedAnswers.Span));
        (byte[] id, byte[] json) = buffer.DetachCurrent();
        Assert.Equal(("2", "{\"b\":2}"), (Text(id), Text(json)));
        Assert.Equal("{\"_id\":1}\n", Text(buffer.Written.Span));
    }

    [Fact]
    public void Bytes_that_have_been_sent_are_consumed_while_an_answer_is_written()
    {
        var buffer = new SendBuffer();
        Answer(buffer, "1", "{}");
        buffer.Begin("2"u8);
        Write(buffer, "{\"b\"");
        buffer.Consume(4);
        Write(buffer, ":2}");
        buffer.End();
        Assert.Equal("\":1}\n{\"_id\":2,\"b\":2}\n", "\"" + Text(buffer.Written.Span)[2..]);
        buffer.Clear();
        Assert.Equal(0, buffer.Length);
    }

    [Fact]
    public async Task Uncommitted_answers_leave_in_order_once_they_are_durable()
    {
        var journal = new PositionJournal();
        var orchestrator = new TestOrchestrator();
        await orchestrator.UseJournalAsync(journal, Cancel);
        (long first, long second) = (1, 2);
        var held = new UncommittedAnswers();
        var buffer = new SendBuffer();
        foreach ((string id, long position) in new[] { ("1", first), ("2", second), ("3", first) })
        {
            buffer.Begin(Encoding.UTF8.GetBytes(id));
            held.Add(buffer, new PendingAnswer(Encoding.UTF8.GetBytes($"{{\"a\":{id}}}"), position));
        }

        Assert.Equal((0, 21, second), (buffer.Length, held.Length, held.LastPosition));
        held.ReleaseCommitted(orchestrator, buffer);
        Assert.Equal(0, buffer.Length);
        journal.DurablePosition = first;
        held.ReleaseCommitted(orchestrator, buffer);
        Assert.Equal("{\"_id\":1,\"a\":1}\n", Text(buffer.Written.Span));
        journal.DurablePosition = second;
        held.ReleaseAll(orchestrator, buffer);
        Assert.Equal("{\"_id\":1,\"a\":1}\n{\"_id\":2,\"a\":2}\n{\"_id\":3,\"a\":3}\n", Text(buffer.Written.Span));
        Assert.Equal((false, 0), (held.Any, held.Length));
    }

    [Fact]
    public async Task Uncommitted_answer_that_never_becomes_durable_leaves_as_an_unknown_outcome()
    {
        var orchestrator = new TestOrchestrator();
        await orchestrator.UseJournalAsync(new PositionJournal(), Cancel);
        var held = new UncommittedAnswers();
        var buffer = new SendBuffer();
        buffer.Begin("1"u8);
        held.Add(buffer, new PendingAnswer("{\"a\":1}"u8.ToArray(), 7));
        held.ReleaseAll(orchestrator, buffer);
        Assert.StartsWith("{\"_id\":1,\"_server_error\":", Text(buffer.Written.Span), StringComparison.Ordinal);
        Assert.DoesNotContain("\"a\":1", Text(buffer.Written.Span), StringComparison.Ordinal);
    }

    private static void Answer(SendBuffer buffer, string id, string json)
    {
        buffer.Begin(Encoding.UTF8.GetBytes(id));
        Write(buffer, json);
        buffer.End();
    }

    private static void Write(SendBuffer buffer, string text)
    {
        Encoding.UTF8.GetBytes(text, buffer.GetSpan(text.Length));
        buffer.Advance(text.Length);
    }

    private static ReceiveBuffer Received(MemoryBudget budget, string text)
    {
        var buffer = new ReceiveBuffer(maxRequestBytes: 1000, maxDepth: 64, budget) { IsAuthorized = true };
        Receive(buffer, text);
        return buffer;
    }

    private static void Receive(ReceiveBuffer buffer, string text)
    {
        for (ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text); !rest.IsEmpty;)
        {
            Assert.True(buffer.TryGetMemory(out Memory<byte> room));
            int count = Math.Min(room.Length, rest.Length);
            rest[..count].CopyTo(room.Span);
            buffer.Advance(count);
            rest = rest[count..];
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>A journal that is durable as far as a test says.</summary>
    private sealed class PositionJournal : IJournal, IRunStore
    {
        public event EventHandler<OperatorDecisionEventArgs>? OperatorDecisionRecorded
        {
            add { }
            remove { }
        }

        public IRunStore Runs => this;

        public JournalException? Fault => null;

        public long DurablePosition { get; set; }

        public ValueTask OpenAsync(CancellationToken cancellationToken) => default;

        public ValueTask ReopenAsync(CancellationToken cancellationToken) => default;

        public long Append(JournalEvent entry) => throw new NotSupportedException();

        public bool IsDurable(long position) => position <= DurablePosition;

        public ValueTask FlushAsync(long position, bool canWait, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<JournaledRun?> FindAsync(string runId, bool includeEvents, CancellationToken cancellationToken) => new((JournaledRun?)null);

        public ValueTask<IReadOnlyList<JournaledRun>> ListAsync(RunQuery query, CancellationToken cancellationToken) => new([]);

        public ValueTask DisposeAsync() => default;
    }
}
