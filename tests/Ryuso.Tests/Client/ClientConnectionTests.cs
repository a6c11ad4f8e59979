using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Ryuso.Client;

namespace Ryuso.Tests.Client;

/// <summary>One connection of a client against a stream in memory, and how long calls wait between attempts.</summary>
public sealed class ClientConnectionTests : IAsyncDisposable
{
    private readonly FakeStream _stream = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<Exception?> _ends = [];
    private readonly ClientConnection _connection;

    public ClientConnectionTests() =>
        _connection = new ClientConnection(_stream, new RyusoClientOptions { TimeProvider = _time }, (_, reason) => _ends.Add(reason));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _connection.Fail(new IOException("The test is over."));
        await _connection.Ended;
        await _stream.DisposeAsync();
    }

    [Fact]
    public async Task Requests_sent_while_a_write_is_under_way_leave_together_in_the_next()
    {
        _stream.HoldWrites();
        PendingCall[] calls = [.. Enumerable.Range(1, 3).Select(Send)];
        _stream.ReleaseWrites();
        await _stream.Written.WaitToReadAsync(Cancel);
        Assert.Equal("request 1\n", await _stream.Written.ReadAsync(Cancel));
        Assert.Equal("request 2\nrequest 3\n", await _stream.Written.ReadAsync(Cancel));
        _stream.Receive("{\"_id\":1}\n{\"_id\":2}\n{\"_i");
        _stream.Receive("d\":3}\n");
        Assert.Equal(["{\"_id\":1}", "{\"_id\":2}", "{\"_id\":3}"], (await Task.WhenAll(calls.Select(call => call.Task))).Select(Encoding.UTF8.GetString));
        Assert.True(_connection.HasAnsweredCalls);
    }

    [Fact]
    public async Task Request_given_up_before_it_is_written_is_never_sent()
    {
        _stream.HoldWrites();
        Send(1);
        PendingCall second = Send(2);
        Send(3);
        second.TrySetCanceled(Cancel);
        _stream.ReleaseWrites();
        Assert.Equal("request 1\n", await _stream.Written.ReadAsync(Cancel));
        Assert.Equal("request 3\n", await _stream.Written.ReadAsync(Cancel));
        Assert.False(second.IsWritten);
    }

    [Fact]
    public async Task Answer_to_a_request_given_up_is_dropped_and_the_next_goes_to_the_next_request()
    {
        PendingCall first = Send(1), second = Send(2);

        // One that is given up before it is written is never sent, and has no answer.
        string written = "";
        while (!written.EndsWith("request 2\n", StringComparison.Ordinal))
        {
            written += await _stream.Written.ReadAsync(Cancel);
        }

        first.TrySetCanceled(Cancel);
        _stream.Receive("{\"_id\":1}\n{\"_id\":2}\n");
        Assert.Equal("{\"_id\":2}", Encoding.UTF8.GetString(await second.Task));
    }

    [Theory]
    [InlineData("{\"_id\":2}\n")]
    [InlineData("{\"_id\":11}\n")]
    [InlineData("{\"_id\":\"1\"}\n")]
    [InlineData("{\"a\":1}\n")]
    [InlineData("{\"_id\":1}\n{\"_id\":2}\n")]
    public async Task Answer_to_another_request_or_to_none_ends_the_connection(string received)
    {
        PendingCall call = Send(1);
        _stream.Receive(received);
        await _connection.Ended;
        Assert.IsType<InvalidDataException>(Assert.Single(_ends));
        Assert.False(_connection.IsOpen);
        Assert.False(_connection.TrySend(new PendingCall(9, "x"u8.ToArray())));
        if (!received.StartsWith("{\"_id\":1}\n", StringComparison.Ordinal))
        {
            Assert.True((await Assert.ThrowsAsync<ConnectionLostException>(() => call.Task)).IsFault);
        }
    }

    [Fact]
    public async Task Only_the_first_request_is_at_fault_where_the_answer_is_wrong()
    {
        PendingCall first = Send(1), second = Send(2);
        _stream.Receive("nonsense\n");
        Assert.True((await Assert.ThrowsAsync<ConnectionLostException>(() => first.Task)).IsFault);
        Assert.False((await Assert.ThrowsAsync<ConnectionLostException>(() => second.Task)).IsFault);
    }

    [Fact]
    public async Task Retired_connection_takes_nothing_more_and_ends_after_its_last_answer()
    {
        PendingCall call = Send(1);
        _connection.Retire();
        Assert.False(_connection.IsOpen);
        Assert.False(_connection.TrySend(new PendingCall(2, "x"u8.ToArray())));
        Assert.Empty(_ends);
        _stream.Receive("{\"_id\":1}\n");
        await call.Task;
        await _connection.Ended;
        Assert.Null(Assert.Single(_ends));
    }

    [Fact]
    public async Task What_a_server_says_before_the_handshake_is_kept()
    {
        _stream.Receive("{\"_error_code\":\"busy\"}");
        _stream.End();
        await _connection.Ended;
        Assert.Equal("{\"_error_code\":\"busy\"}", Encoding.UTF8.GetString(_connection.FinalAnswer!));
        RequestRejectedException rejected = await Assert.ThrowsAsync<RequestRejectedException>(() => Handshake.AskAsync(_connection, token: null, Cancel));
        Assert.Equal("busy", rejected.Code);
    }

    [Fact]
    public async Task Part_of_an_object_before_the_handshake_is_no_answer()
    {
        _stream.Receive("{\"_error_code\":");
        _stream.End();
        await _connection.Ended;
        Assert.Null(_connection.FinalAnswer);
        await Assert.ThrowsAsync<IOException>(() => Handshake.AskAsync(_connection, token: null, Cancel));
    }

    [Fact]
    public void Connection_counts_as_silent_since_the_later_of_the_request_and_the_last_byte()
    {
        PendingCall call = Send(1);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(_connection.IsSilentFor(TimeSpan.FromSeconds(10), call));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_connection.IsSilentFor(TimeSpan.FromSeconds(10), call));
    }

    [Fact]
    public void Retry_budget_begins_with_the_first_failure_and_ends_after_the_limit()
    {
        var budget = new RetryBudget(new RyusoClientOptions { TimeProvider = _time, RetryLimit = TimeSpan.FromSeconds(10) });
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Timeout.InfiniteTimeSpan, budget.Left);
        Assert.True(budget.TryContinue());
        Assert.True(budget.IsFirst);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(TimeSpan.FromSeconds(6), budget.Left);
        Assert.True(budget.TryContinue());
        Assert.False(budget.IsFirst);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.False(budget.TryContinue());
        Assert.Equal(TimeSpan.Zero, budget.Left);
    }

    [Fact]
    public async Task Retry_budget_waits_no_longer_than_what_is_left()
    {
        var budget = new RetryBudget(new RyusoClientOptions
        {
            TimeProvider = _time,
            RetryLimit = TimeSpan.FromSeconds(1),
            InitialRetryDelay = TimeSpan.FromSeconds(100),
            MaxRetryDelay = TimeSpan.FromSeconds(100),
            Jitter = () => 1,
        });
        Assert.True(budget.TryContinue());
        Task wait = budget.WaitAsync(Cancel);
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(wait.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await wait;
        Assert.False(budget.TryContinue());
    }

    private PendingCall Send(int id)
    {
        var call = new PendingCall(id, Encoding.UTF8.GetBytes($"request {id}\n"));
        Assert.True(_connection.TrySend(call));
        return call;
    }

    /// <summary>What is written can be read, what is received is given, each write as one item.</summary>
    private sealed class FakeStream : Stream
    {
        private readonly Channel<string> _written = Channel.CreateUnbounded<string>();
        private readonly Channel<byte[]> _received = Channel.CreateUnbounded<byte[]>();
        private TaskCompletionSource _mayWrite = Done();

        public ChannelReader<string> Written => _written.Reader;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void HoldWrites() => _mayWrite = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void ReleaseWrites() => _mayWrite.SetResult();

        public void Receive(string text) => _received.Writer.TryWrite(Encoding.UTF8.GetBytes(text));

        public void End() => _received.Writer.TryComplete();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!await _received.Reader.WaitToReadAsync(cancellationToken))
            {
                return 0;
            }

            byte[] bytes = await _received.Reader.ReadAsync(cancellationToken);
            bytes.CopyTo(buffer);
            return bytes.Length;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            string text = Encoding.UTF8.GetString(buffer.Span);
            await _mayWrite.Task;
            _written.Writer.TryWrite(text);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _received.Writer.TryComplete();
            base.Dispose(disposing);
        }

        private static TaskCompletionSource Done()
        {
            var done = new TaskCompletionSource();
            done.SetResult();
            return done;
        }
    }
}
