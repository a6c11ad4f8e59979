using System.Net.Sockets;
using Ryuso.TestKit;

namespace Ryuso.PostgreSql.Tests;

internal enum Cut
{
    None,

    /// <summary>The request never reaches the database.</summary>
    BeforeRequest,

    /// <summary>The database has answered, so that the commit is made; the client sees nothing of it.</summary>
    BeforeReply,

    /// <summary>The client sees the first byte of the answer.</summary>
    InReply,

    /// <summary>As <see cref="BeforeRequest"/>, but the database's end stays open, and the request comes later.</summary>
    RequestDelayed,
}

/// <summary>Stands between a journal and its database, and cuts the connection that writes when it is told to.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private const string SocketName = ".s.PGSQL.5432";

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _database;
    private readonly Lock _gate = new();
    private readonly List<Socket> _sockets = [];
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private Cut _next;
    private (Socket Database, byte[] Request)? _delayed;

    public CuttingProxy(string host)
    {
        _database = Path.Combine(host, SocketName);
        _listener.Bind(new UnixDomainSocketEndPoint(_folder.File(SocketName)));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string Host => _folder.FullPath;

    public int Cuts { get; private set; }

    /// <summary>Cuts at the next append, once.</summary>
    public void CutNext(Cut cut)
    {
        lock (_gate)
        {
            _next = cut;
        }
    }

    /// <summary>Delivers what was held back to the database.</summary>
    public async Task<bool> DeliverDelayedAsync()
    {
        (Socket database, byte[] request) = _delayed!.Value;
        try
        {
            await database.SendAsync(request, SocketFlags.None);
            return await database.ReceiveAsync(new byte[1], SocketFlags.None) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        lock (_gate)
        {
            _sockets.ForEach(s => s.Dispose());
        }

        await Task.WhenAll(_connections);
        _folder.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync();
                var database = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                lock (_gate)
                {
                    _sockets.AddRange([client, database]);
                }

                _connections.Add(ServeAsync(client, database));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket client, Socket database)
    {
        try
        {
            await database.ConnectAsync(new UnixDomainSocketEndPoint(_database));
            var cut = new StrongBox();
            await Task.WhenAny(ForwardRequestsAsync(client, database, cut), ForwardRepliesAsync(client, database, cut));
            client.Dispose();
            if (cut.Value != Cut.RequestDelayed)
            {
                database.Dispose();
            }
        }
        catch (SocketException)
        {
            // The database is not there.
            client.Dispose();
        }
    }

    private async Task ForwardRequestsAsync(Socket client, Socket database, StrongBox cut)
    {
        byte[] buffer = new byte[1 << 20];
        try
        {
            while (await client.ReceiveAsync(buffer, SocketFlags.None) is > 0 and int length)
            {
                lock (_gate)
                {
                    // An append is a prepared statement from its third time on: it is known by what only it brings, an event's text.
                    if (_next != Cut.None && buffer.AsSpan(0, length).IndexOf("cut here"u8) >= 0)
                    {
                        (cut.Value, _next) = (_next, Cut.None);
                        Cuts++;
                        if (cut.Value == Cut.RequestDelayed)
                        {
                            _delayed = (database, buffer[..length]);
                        }
                    }
                }

                if (cut.Value is Cut.BeforeRequest or Cut.RequestDelayed)
                {
                    return;
                }

                await database.SendAsync(buffer.AsMemory(0, length), SocketFlags.None);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // One end is gone.
        }
    }

    private static async Task ForwardRepliesAsync(Socket client, Socket database, StrongBox cut)
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            while (await database.ReceiveAsync(buffer, SocketFlags.None) is > 0 and int length)
            {
                if (cut.Value is Cut.BeforeReply or Cut.InReply)
                {
                    await client.SendAsync(buffer.AsMemory(0, cut.Value == Cut.InReply ? 1 : 0), SocketFlags.None);
                    return;
                }

                await client.SendAsync(buffer.AsMemory(0, length), SocketFlags.None);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // One end is gone.
        }
    }

    private sealed class StrongBox
    {
        public volatile Cut Value;
    }
}
