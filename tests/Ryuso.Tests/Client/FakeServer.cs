using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Ryuso.Tests.Client;

/// <summary>A server that does on each connection what a test says, after it has let the client in.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly Func<FakeConnection, Task> _serve;
    private readonly List<Task> _served = [];
    private readonly Task _accepting;
    private int _accepted;

    private FakeServer(Func<FakeConnection, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>How many connections there have been.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <param name="serve">What it does on a connection; where it returns, the connection is closed.</param>
    public static FakeServer Start(Func<FakeConnection, Task> serve) => new(serve);

    /// <summary>A client that does not wait long between attempts.</summary>
    public RyusoClient Connect(Action<RyusoClientOptions>? configure = null)
    {
        var options = new RyusoClientOptions { InitialRetryDelay = TimeSpan.FromMilliseconds(1), MaxRetryDelay = TimeSpan.FromMilliseconds(20) };
        configure?.Invoke(options);
        return new RyusoClient("127.0.0.1", Port, options);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _accepting;
        _listener.Dispose();
        await Task.WhenAll(_served);
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync(_closing.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                return;
            }

            _served.Add(ServeAsync(new FakeConnection(socket, Interlocked.Increment(ref _accepted), _closing.Token)));
        }
    }

    private async Task ServeAsync(FakeConnection connection)
    {
        using (connection)
        {
            try
            {
                await _serve(connection);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client went, or the test is over.
            }
        }
    }
}

/// <summary>A client's connection to a <see cref="FakeServer"/>.</summary>
internal sealed class FakeConnection(Socket socket, int number, CancellationToken closing) : IDisposable
{
    private readonly StreamReader _reader = new(new NetworkStream(socket), new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false);

    /// <summary>1 for the first of the server.</summary>
    public int Number => number;

    public CancellationToken Closing => closing;

    /// <summary>Answers the question with which every client begins.</summary>
    public async Task LetInAsync(string? journal = null)
    {
        JsonObject describe = await ReadAsync();
        Assert.Equal("describe", (string?)describe["op"]);
        string recorded = journal is null ? "" : $"\"journal\":\"{journal}\",";
        await SendAsync($$"""{"_id":{{describe["id"]}},"name":"Fake",{{recorded}}"programs":{} }""" + "\n");
    }

    /// <summary>The next request.</summary>
    public async Task<JsonObject> ReadAsync() =>
        JsonNode.Parse(await _reader.ReadLineAsync(closing) ?? throw new IOException("The client has gone."))!.AsObject();

    /// <summary>Waits for the client's next bytes and leaves them where they are.</summary>
    public async Task HearAsync() => await socket.ReceiveAsync(Memory<byte>.Empty, closing);

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, closing)..];
        }
    }

    /// <summary>Gives each request its text back, until the client goes.</summary>
    public async Task EchoAsync()
    {
        while (true)
        {
            await SendAsync(Echo(await ReadAsync()));
        }
    }

    /// <summary>The answer to a request: what it sent.</summary>
    public static string Echo(JsonObject request) => $$"""{"_id":{{request["id"]}},"text":{{request["data_pool"]?["text"]?.ToJsonString() ?? "null"}}}""" + "\n";

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset() => Server.PlainClient.Reset(socket);

    /// <summary>Nothing more is sent.</summary>
    public void Finish() => socket.Shutdown(SocketShutdown.Send);

    public void Dispose()
    {
        _reader.Dispose();
        socket.Dispose();
    }
}
