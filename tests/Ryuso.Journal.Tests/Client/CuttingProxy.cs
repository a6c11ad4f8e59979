using System.Net;
using System.Net.Sockets;

namespace Ryuso.Journal.Tests.Client;

/// <summary>Stands between a client and a server, and cuts the first connection after so many bytes in one direction. Later ones it leaves alone.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly IPEndPoint _server;
    private readonly bool _cutsAnswers;
    private readonly int _after;
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;

    /// <param name="server">Where the server is.</param>
    /// <param name="cutsAnswers">Whether the bytes of the server are counted, and not those of the client.</param>
    /// <param name="after">How many bytes are let through.</param>
    public CuttingProxy(IPEndPoint server, bool cutsAnswers, int after)
    {
        _server = server;
        _cutsAnswers = cutsAnswers;
        _after = after;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whether the first connection came so far.</summary>
    public bool HasCut { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _accepting;
        await Task.WhenAll(_connections);
        _listener.Dispose();
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_closing.Token);
                _connections.Add(ForwardAsync(client, isFirst: _connections.Count == 0));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ForwardAsync(Socket client, bool isFirst)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            await server.ConnectAsync(_server);
            await Task.WhenAny(
                PumpAsync(client, server, isFirst && !_cutsAnswers ? _after : long.MaxValue),
                PumpAsync(server, client, isFirst && _cutsAnswers ? _after : long.MaxValue));
        }
    }

    private async Task PumpAsync(Socket from, Socket to, long left)
    {
        try
        {
            byte[] buffer = new byte[4096];
            for (int count; left > 0 && (count = await from.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), _closing.Token)) > 0; left -= count)
            {
                await to.SendAsync(buffer.AsMemory(0, count), _closing.Token);
            }

            HasCut |= left == 0;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One of the two went; the other is told by what follows.
        }
    }
}
