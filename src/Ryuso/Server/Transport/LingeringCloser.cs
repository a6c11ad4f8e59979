using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using Ryuso.Server.Loops;

namespace Ryuso.Server.Transport;

/// <summary>
/// Sockets that have sent their answer and FIN. They are closed once the client has closed too, or after a timeout:
/// bytes left unread would become a reset that destroys the answer (lingering close).
/// No read is pending on these sockets: each <see cref="Add"/> checks two of them, and a timer checks the rest.
/// </summary>
/// <remarks>
/// Sockets are in the queue or in the hands of one thread, which closes them or puts them back. The count covers both, so that the
/// limit holds. The timer is armed while the queue is not empty: <c>_isArmed</c> is cleared before the queue is looked at again.
/// </remarks>
[DebuggerDisplay("{Count} sockets, armed {_isArmed}")]
internal sealed class LingeringCloser(TimeProvider time, Action<int> closed) : IDisposable
{
    private readonly ConcurrentQueue<(Socket Socket, long Since)> _sockets = new();
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private int _count;
    private volatile bool _isArmed;
    private volatile bool _isClosing;

    /// <summary>How many sockets may linger; further ones are closed at once.</summary>
    public int MaxSockets { get; set; } = ServerTuning.MaxLingeringSockets;

    /// <summary>How many have not been closed.</summary>
    public int Count => Volatile.Read(ref _count);

    public void Add(Socket socket)
    {
        if (Interlocked.Increment(ref _count) > MaxSockets || _isClosing)
        {
            Close(socket);
            return;
        }

        CheckNext(2);
        _sockets.Enqueue((socket, time.GetTimestamp()));
        if (!_isArmed)
        {
            Arm();
        }
    }

    /// <summary>Closes all of them, now and from now on.</summary>
    public void CloseAll()
    {
        _isClosing = true;
        while (_sockets.TryDequeue(out (Socket Socket, long Since) next))
        {
            Close(next.Socket);
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void Arm()
    {
        lock (_gate)
        {
            if (!_isArmed && !_sockets.IsEmpty)
            {
                _isArmed = true;
                _timer ??= time.CreateTimer(
                    static state => ((LingeringCloser)state!).CheckAll(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timer.Change(ServerTuning.LingerCheckInterval, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void CheckAll()
    {
        CheckNext(_sockets.Count);
        _isArmed = false;
        Arm();
    }

    private void CheckNext(int count)
    {
        for (; count > 0 && _sockets.TryDequeue(out (Socket Socket, long Since) next); count--)
        {
            if (_isClosing || HasPeerClosed(next.Socket) || time.GetElapsedTime(next.Since) >= ServerTuning.LingerTimeout)
            {
                Close(next.Socket);
            }
            else
            {
                _sockets.Enqueue(next);
            }
        }
    }

    private static bool HasPeerClosed(Socket socket)
    {
        Span<byte> rubbish = stackalloc byte[1024];
        try
        {
            return NonBlockingSocket.TryReceive(socket, rubbish, out int count) && count == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private void Close(Socket socket)
    {
        socket.Dispose();
        Interlocked.Decrement(ref _count);
        closed(1);
    }
}
