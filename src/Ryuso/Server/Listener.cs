using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Ryuso;

/// <summary>
/// A listening socket and its two threads. One leads: it accepts a client and goes on to read, run and answer its request,
/// since asynchronous machinery costs more than all that. It runs only what was quick the last time. The other one watches,
/// and takes the lead when a hook holds the leader all the same. There is one lane, so the second is held by none.
/// </summary>
internal sealed class Listener : IDisposable
{
    private const int Backlog = 4096;

    /// <summary>How long, in microseconds, the leader waits for the request of a client that has just come, while nobody else comes.</summary>
    private const int EarlyWait = 1000;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Serving _serving;
    private readonly Socket _socket;
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly ManualResetEventSlim _closing = new();
    private readonly ManualResetEventSlim _active = new();
    private readonly Thread[] _threads;
    private Connection? _early;
    private Thread? _leader;
    private long _served;
    private volatile bool _isServing;

    private Listener(Serving serving, Socket socket, SslServerAuthenticationOptions? tls)
    {
        _serving = serving;
        _socket = socket;
        _tls = tls;
        EndPoint = socket.LocalEndPoint!;
        _threads = [.. Enumerable.Range(1, 2).Select(i => new Thread(Work) { IsBackground = true, Name = $"Ryuso accept {i}" })];
        _leader = _threads[0];
    }

    public EndPoint EndPoint { get; }

    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public static Listener Bind(EndPoint endPoint, SslServerAuthenticationOptions? tls, Serving serving)
    {
        bool isUnix = endPoint is UnixDomainSocketEndPoint;
        if (isUnix)
        {
            RemoveStale(endPoint);
        }

        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (!isUnix)
            {
                // Those that are accepted inherit both.
                socket.NoDelay = true;
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            }

            if (serving.Options.ReusePort && !isUnix)
            {
                LinuxSocket.ReusePort(socket);
            }

            // No ReuseAddress: .NET lets a closed port be bound again without it, and with it (SO_REUSEPORT)
            // two servers would silently share a port.
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return new Listener(serving, socket, tls);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Start()
    {
        foreach (Thread thread in _threads)
        {
            thread.UnsafeStart();
        }
    }

    /// <summary>Lets nobody in any more. Who has come already is still accepted: a listening socket that closes resets them.</summary>
    public async Task StopAsync()
    {
        if (EndPoint is UnixDomainSocketEndPoint)
        {
            File.Delete(EndPoint.ToString()!);
        }
        else
        {
            LinuxSocket.LetNobodyIn(_socket);
        }

        // Also those whose handshake is under way. They are accepted by the threads, meanwhile.
        for (int looks = 0, quiet = 0; looks < 50 && quiet < 3; looks++)
        {
            await Task.Delay(Look).ConfigureAwait(false);
            quiet = _socket.Poll(0, SelectMode.SelectRead) ? 0 : quiet + 1;
        }

        Dispose();
    }

    public void Dispose()
    {
        _closing.Set();
        _active.Set();
        _socket.Dispose();
    }

    /// <summary>A socket's file outlives a server that was killed; one that somebody listens on is left alone.</summary>
    private static void RemoveStale(EndPoint endPoint)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException exception)
        {
            if (exception.SocketErrorCode == SocketError.ConnectionRefused)
            {
                File.Delete(endPoint.ToString()!);
            }

            return;
        }

        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }

    private void Work()
    {
        while (!_closing.IsSet)
        {
            if (_leader == Thread.CurrentThread)
            {
                Lead();
            }
            else
            {
                Watch();
            }
        }

        ServeEarly();
    }

    private void Lead()
    {
        var watched = new List<Socket>(2);
        while (!_closing.IsSet && _leader == Thread.CurrentThread)
        {
            try
            {
                bool hasNext = true;
                if (_early is { } early)
                {
                    watched.Clear();
                    watched.Add(_socket);
                    watched.Add(early.Socket);
                    Socket.Select(watched, null, null, EarlyWait);
                    hasNext = watched.Contains(_socket);
                }

                Socket? next = hasNext ? _socket.Accept() : null;
                _served++;
                _isServing = true;
                if (!_active.IsSet)
                {
                    _active.Set();
                }

                // Whoever came without a request has sent it by now, or waits for it elsewhere.
                ServeEarly();
                if (next is not null)
                {
                    Begin(next);
                }
            }
#pragma warning disable CA1031 // Whatever one client or a lack of descriptors does, the next client is accepted.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (!_closing.IsSet)
                {
                    ServerLog.AcceptFailed(_serving.Logger, exception);
                    _closing.Wait(Pause);
                }
            }
            finally
            {
                if (_leader == Thread.CurrentThread)
                {
                    _isServing = false;
                }
            }
        }
    }

    /// <summary>Looks now and then whether the leader goes on, as long as there are clients; takes the lead where it does not.</summary>
    private void Watch()
    {
        _active.Wait();
        long before = -1;
        while (!_closing.Wait(Look))
        {
            long served = Volatile.Read(ref _served);
            if (served != before)
            {
                before = served;
            }
            else if (_isServing)
            {
                _isServing = false;
                _leader = Thread.CurrentThread;
                return;
            }
            else
            {
                _active.Reset();
                if (Volatile.Read(ref _served) == served)
                {
                    _active.Wait();
                }
            }
        }
    }

    private void ServeEarly() => _ = Interlocked.Exchange(ref _early, null)?.ServeAsync(tls: null);

    /// <summary>Serves a client on this thread as far as that goes without waiting. One that has sent nothing yet is put by.</summary>
    private void Begin(Socket client)
    {
        _serving.Open();
        if (_serving.IsFlooded)
        {
            client.Dispose();
            _serving.Close(1);
            return;
        }

        Connection connection = _serving.Rent();
        connection.Open(client);
        bool isCrowded = _serving.IsCrowded;
        if (isCrowded)
        {
            connection.TurnAway();
        }
        else if (_tls is null && !connection.HasCome())
        {
            _early = connection;
            return;
        }

        _ = connection.ServeAsync(isCrowded ? null : _tls);
    }
}
