using System.ComponentModel;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Ryuso.Server.Loops;

/// <summary>
/// The wait of one link for its client's bytes, ended by the event loop's thread, which then goes on with what the link's owner does
/// next.
/// </summary>
/// <remarks>
/// Idle to waiting: the owner, where nothing is there. Waiting to idle: whoever ends the wait, an event, an interruption
/// or the owner itself; only who has made this step sets the result. Idle to told: an event while nobody waits.
/// Told to idle: the owner, who then looks once more.
/// </remarks>
internal sealed class SocketReadAwaiter : EpollHandler, IValueTaskSource<int>, IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Waiting = 1;
    private const int Signaled = 2;

    private readonly Socket _socket;
    private Epoll _epoll;
    private ManualResetValueTaskSourceCore<int> _source;
    private Memory<byte> _buffer;
    private int _state;
    private volatile bool _hasHungUp;
    private volatile bool _isInterrupted;
    private bool _isDrained;

    public SocketReadAwaiter(Epoll epoll, Socket socket)
    {
        _epoll = epoll;
        _socket = socket;
        epoll.Register(socket.SafeHandle, this, onlyChanges: true);
    }

    /// <summary>How many bytes came; 0 at the client's end of stream, -1 where the wait was interrupted.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> room)
    {
        while (!_isInterrupted)
        {
            // Less than there was room for was all there was, and what comes then is told.
            if (!_isDrained && LinuxNative.TryReceive(_socket.SafeHandle, room.Span, out int count))
            {
                _isDrained = count < room.Length && !_hasHungUp;
                return new ValueTask<int>(count);
            }

            _isDrained = false;
            _buffer = room;
            _source.Reset();
            if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Signaled)
            {
                Volatile.Write(ref _state, Idle);
            }
            else
            {
                if (!_isInterrupted || Interlocked.CompareExchange(ref _state, Idle, Waiting) != Waiting)
                {
                    return new ValueTask<int>(this, _source.Version);
                }
            }
        }

        return new ValueTask<int>(-1);
    }

    /// <summary>Has another one wait from now on, where it can. Only for the owner, while no wait is under way.</summary>
    public void MoveTo(Epoll epoll)
    {
        if (epoll == _epoll)
        {
            return;
        }

        // What is there already is told once more.
        _epoll.Detach(_socket.SafeHandle, this);
        try
        {
            epoll.Register(_socket.SafeHandle, this, onlyChanges: true);
            _epoll = epoll;
        }
        catch (Win32Exception)
        {
            // The kernel has no room: the client has answers to come, and has only just been watched here.
            _epoll.Register(_socket.SafeHandle, this, onlyChanges: true);
        }
    }

    /// <summary>The socket is about to be closed.</summary>
    public void Unregister() => _epoll.Unregister(this);

    /// <summary>Ends the wait that is under way, or else the next one, and every one until <see cref="Resume"/>.</summary>
    public void Interrupt()
    {
        _isInterrupted = true;
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Waits may begin anew.</summary>
    public void Resume()
    {
        _isInterrupted = false;
        _isDrained = false;
    }

    /// <inheritdoc/>
    public override void OnReadable(bool hasEnded)
    {
        _hasHungUp |= hasEnded;
        do
        {
            if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
            {
                CompleteRead();
                return;
            }
        }
        while (Interlocked.CompareExchange(ref _state, Signaled, Idle) == Waiting);
    }

    void IThreadPoolWorkItem.Execute() => _source.SetResult(-1);

    int IValueTaskSource<int>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <summary>
    /// Receives for the wait that has been claimed and ends it, or lets it go on where nothing is there: what was told may have been read
    /// before.
    /// </summary>
    private void CompleteRead()
    {
        while (true)
        {
            int count;
            try
            {
                if (LinuxNative.TryReceive(_socket.SafeHandle, _buffer.Span, out count))
                {
                    _isDrained = count < _buffer.Length && !_hasHungUp;
                    _source.SetResult(count);
                    return;
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                _source.SetException(exception);
                return;
            }

            if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle)
            {
                if (_isInterrupted && Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                }

                return;
            }

            // Told again meanwhile, by a thread that has taken the lead.
            Volatile.Write(ref _state, Idle);
        }
    }
}
