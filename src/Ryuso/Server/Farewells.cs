using System.Net.Sockets;

namespace Ryuso;

/// <summary>
/// Sockets that have sent their answer and their end. They are closed once the client has ended too, or after a short
/// while: bytes left unread would become a reset that destroys the answer. Nobody waits for that, and no
/// asynchronous read is spent on it: every newcomer looks after two others, and a timer after those that are left.
/// </summary>
internal sealed class Farewells(TimeProvider time, Action<int> closed) : IDisposable
{
    private const int Most = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly Queue<(Socket Socket, long Since)> _sockets = new();
    private readonly byte[] _rubbish = new byte[64 * 1024];
    private ITimer? _timer;
    private bool _armed;
    private bool _cutting;

    /// <summary>How many have not been closed.</summary>
    public int Count => _sockets.Count;

    public void Add(Socket socket)
    {
        int gone;
        lock (_gate)
        {
            gone = Look(Math.Min(_sockets.Count, 2));
            if (_cutting || _sockets.Count >= Most)
            {
                socket.Dispose();
                gone++;
            }
            else
            {
                _sockets.Enqueue((socket, time.GetTimestamp()));
                Arm();
            }
        }

        Tell(gone);
    }

    /// <summary>Closes all of them, now and from now on.</summary>
    public void Cut()
    {
        int gone = 0;
        lock (_gate)
        {
            _cutting = true;
            for (; _sockets.TryDequeue(out (Socket Socket, long Since) next); gone++)
            {
                next.Socket.Dispose();
            }
        }

        Tell(gone);
    }

    public void Dispose() => _timer?.Dispose();

    private void LookAtAll()
    {
        int gone;
        lock (_gate)
        {
            _armed = false;
            gone = Look(_sockets.Count);
            Arm();
        }

        Tell(gone);
    }

    private void Arm()
    {
        if (!_armed && _sockets.Count > 0)
        {
            _armed = true;
            _timer ??= time.CreateTimer(static state => ((Farewells)state!).LookAtAll(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Pause, Timeout.InfiniteTimeSpan);
        }
    }

    private int Look(int count)
    {
        int gone = 0;
        for (; count > 0; count--)
        {
            (Socket Socket, long Since) next = _sockets.Dequeue();
            if (HasEnded(next.Socket) || time.GetElapsedTime(next.Since) >= Patience)
            {
                next.Socket.Dispose();
                gone++;
            }
            else
            {
                _sockets.Enqueue(next);
            }
        }

        return gone;
    }

    private bool HasEnded(Socket socket)
    {
        int count = socket.Receive(_rubbish, SocketFlags.None, out SocketError error);
        return error == SocketError.Success ? count == 0 : error != SocketError.WouldBlock;
    }

    private void Tell(int gone)
    {
        if (gone > 0)
        {
            closed(gone);
        }
    }
}
