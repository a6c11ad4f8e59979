using System.Diagnostics;
using System.Globalization;
using Ryuso.Protocol;

namespace Ryuso.Client;

/// <summary>One connection of a client: requests leave in batches, their answers come back in the same order.</summary>
/// <remarks>
/// The gate guards both queues and the flags. A call is pending until a batch takes it, then in flight until its answer or the end. One
/// thread writes at a time (<c>_isWriting</c>), one reads. <see cref="End"/> happens once; whatever is left then is lost.
/// </remarks>
[DebuggerDisplay("{_pending.Count} pending, {_inFlight.Count} in flight, retired {_isRetired}, end {_end}")]
#pragma warning disable CA1001 // Every connection comes to its end, which disposes of the stream.
internal sealed class ClientConnection : IThreadPoolWorkItem
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private readonly Queue<PendingCall> _pending = new();
    private readonly Queue<PendingCall> _inFlight = new();
    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly ResponseBuffer _responses;
    private readonly byte[] _batch = new byte[ClientTuning.MaxBatchedBytes];
    private readonly Action<ClientConnection, Exception?> _ended;
    private readonly Task _reading;
    private long _heardAt;
    private bool _isWriting;
    private bool _isRetired;
    private bool _hasAnswered;
    private bool _hasAnsweredCalls;
    private Exception? _end;

    /// <param name="stream">The socket, with TLS or without.</param>
    /// <param name="options">The clock, and how long an answer may be.</param>
    /// <param name="ended">Called once, with the reason; null where the connection was retired and nothing was left on it.</param>
    public ClientConnection(Stream stream, RyusoClientOptions options, Action<ClientConnection, Exception?> ended)
    {
        _stream = stream;
        _time = options.TimeProvider;
        _heardAt = _time.GetTimestamp();
        _responses = new ResponseBuffer(options.MaxAnswerBytes);
        _ended = ended;
        _reading = ReadAllAsync();
    }

    /// <summary>The journal in which the server records runs, once it has said so; null where it has none.</summary>
    public string? Journal { get; set; }

    /// <summary>What the server said instead of waiting for the handshake; null where it did wait.</summary>
    public byte[]? FinalAnswer { get; private set; }

    /// <summary>Whether the server has answered anything after the handshake.</summary>
    public bool HasAnsweredCalls
    {
        get
        {
            lock (_gate)
            {
                return _hasAnsweredCalls;
            }
        }
    }

    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _end is null && !_isRetired;
            }
        }
    }

    /// <summary>Ends when nothing of the connection is under way any more.</summary>
    public Task Ended => _reading;

    /// <summary>Takes a request, which goes out with all others that wait by then. False where nothing more is taken.</summary>
    public bool TrySend(PendingCall exchange)
    {
        bool isAlone;
        lock (_gate)
        {
            if (_end is not null || _isRetired)
            {
                return false;
            }

            _pending.Enqueue(exchange);
            if (_isWriting)
            {
                return true;
            }

            _isWriting = true;
            isAlone = _inFlight.Count == 0;
        }

        if (isAlone)
        {
            // There is no other request to share a batch with: the shortest way to the socket.
            _ = WriteAsync(isCaller: true);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return true;
    }

    void IThreadPoolWorkItem.Execute() => _ = WriteAsync(isCaller: false);

    /// <summary>Takes nothing more; what is on it is still answered.</summary>
    public void Retire()
    {
        lock (_gate)
        {
            _isRetired = true;
        }

        EndIfDone();
    }

    /// <summary>Whether the server has said nothing for so long, though it had a request all the while.</summary>
    public bool IsSilentFor(TimeSpan limit, PendingCall since) =>
        _time.GetElapsedTime(Math.Max(since.WrittenAt, Volatile.Read(ref _heardAt))) >= limit;

    /// <summary>Ends the connection and everything on it.</summary>
    public void Fail(Exception reason) => End(reason, isFault: false);

    private void End(Exception? reason, bool isFault)
    {
        PendingCall[] lost;
        lock (_gate)
        {
            if (_end is not null)
            {
                return;
            }

            _end = reason ?? new IOException("The connection was closed.");
            lost = [.. _inFlight, .. _pending];
            _inFlight.Clear();
            _pending.Clear();
        }

        _stream.Dispose();
        for (int i = 0; i < lost.Length; i++)
        {
            // The server answers in order: a bad answer is one to the first.
            lost[i].TrySetException(new ConnectionLostException(_end, isFault && i == 0));
            lost[i].Leave();
        }

        _ended(this, reason);
    }

    /// <summary>A retired connection ends with the last that was on it.</summary>
    private void EndIfDone()
    {
        lock (_gate)
        {
            if (!_isRetired || _pending.Count + _inFlight.Count > 0)
            {
                return;
            }
        }

        End(null, isFault: false);
    }

    private async Task WriteAsync(bool isCaller)
    {
        try
        {
            for (ReadOnlyMemory<byte> batch = TakeBatch(); !batch.IsEmpty; batch = TakeBatch())
            {
                await _stream.WriteAsync(batch).ConfigureAwait(false);
                if (isCaller)
                {
                    // A caller sends its own request, and not all those that others add meanwhile.
                    isCaller = false;
                    if (HasPending())
                    {
                        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                    }
                }
            }

            EndIfDone();
        }
#pragma warning disable CA1031 // Whatever ends the writing ends the connection.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
        }
    }

    private bool HasPending()
    {
        lock (_gate)
        {
            return _pending.Count > 0;
        }
    }

    /// <summary>
    /// The requests that wait, as far as one send takes them. Empty where none do; then the next one begins to write again.
    /// </summary>
    private ReadOnlyMemory<byte> TakeBatch()
    {
        int length = 0;
        lock (_gate)
        {
            while (_pending.TryPeek(out PendingCall? next))
            {
                bool isGivenUp = next.Task.IsCompleted;
                if (!isGivenUp && length > 0 && length + next.Request.Length > ClientTuning.MaxBatchedBytes)
                {
                    break;
                }

                _pending.Dequeue();
                if (isGivenUp)
                {
                    next.Leave();
                    continue;
                }

                next.WrittenAt = _time.GetTimestamp();
                _inFlight.Enqueue(next);
                if (next.Request.Length > ClientTuning.MaxBatchedBytes)
                {
                    return next.Request;
                }

                next.Request.Span.CopyTo(_batch.AsSpan(length));
                length += next.Request.Length;
            }

            _isWriting = length > 0;
        }

        return _batch.AsMemory(0, length);
    }

    private async Task ReadAllAsync()
    {
        try
        {
            while (await _stream.ReadAsync(_responses.GetMemory()).ConfigureAwait(false) is > 0 and int count)
            {
                Volatile.Write(ref _heardAt, _time.GetTimestamp());
                _responses.Advance(count);
                while (_responses.TryTake(out ReadOnlySpan<byte> answer))
                {
                    Take(answer);
                }
            }

            TakeFinalAnswer(_responses.Pending);

            Fail(new IOException("The server closed the connection."));
        }
        catch (InvalidDataException exception)
        {
            End(exception, isFault: true);
        }
#pragma warning disable CA1031 // Whatever ends the reading ends the connection.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
        }
    }

    private void Take(ReadOnlySpan<byte> answer)
    {
        PendingCall exchange;
        lock (_gate)
        {
            if (!_inFlight.TryPeek(out exchange!))
            {
                throw new InvalidDataException("The server sent an answer without a request.");
            }

            if (!BeginsWithId(answer, exchange.Id) && exchange.Id != 0)
            {
                throw new InvalidDataException("The server answered another request than the next one.");
            }

            _inFlight.Dequeue();
            _hasAnswered = true;
            _hasAnsweredCalls |= exchange.Id != 0;
        }

        if (!exchange.Task.IsCompleted)
        {
            exchange.TrySetResult(answer.ToArray());
        }

        exchange.Leave();
        EndIfDone();
    }

    /// <summary>
    /// A server that rejects a connection says why, without an id and a newline, perhaps before the handshake has been sent.
    /// What is not a whole object is no answer.
    /// </summary>
    private void TakeFinalAnswer(ReadOnlySpan<byte> answer)
    {
        if (new RequestFramer().Scan(answer) != FramingResult.Complete)
        {
            return;
        }

        bool isHandshake;
        lock (_gate)
        {
            isHandshake = _inFlight.TryPeek(out PendingCall? next) && next.Id == 0;
            FinalAnswer = isHandshake || _hasAnswered ? null : answer.ToArray();
        }

        if (isHandshake)
        {
            Take(answer);
        }
    }

    private static bool BeginsWithId(ReadOnlySpan<byte> answer, long id)
    {
        Span<byte> expected = stackalloc byte[32];
        "{\"_id\":"u8.CopyTo(expected);
        id.TryFormat(expected[7..], out int digits, default, CultureInfo.InvariantCulture);
        return answer.StartsWith(expected[..(7 + digits)]) && answer[(7 + digits)..] is [(byte)',' or (byte)'}', ..];
    }
}
