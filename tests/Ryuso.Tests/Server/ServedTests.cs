using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Server.Loops;

namespace Ryuso.Tests.Server;

/// <summary>A server of its own for each test, and raw sockets to it.</summary>
public abstract class ServedTests : IAsyncDisposable
{
    internal TestOrchestrator Orchestrator => field ??= new TestOrchestrator(IsKeyed);

    internal RyusoServer Server { get; private set; } = null!;

    /// <summary>Whether the server has threads of its own, as it has wherever the system lets it.</summary>
    private protected virtual bool UsesEventLoop => EventLoopGroup.IsSupported;

    /// <summary>Whether the spec has keys. All runs share one, so that they go one by one as without.</summary>
    private protected virtual bool IsKeyed => false;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public virtual async ValueTask DisposeAsync()
    {
        Orchestrator.Gate.TrySetResult();
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected async Task StartAsync(Action<RyusoServerOptions>? configure = null)
    {
        var options = new RyusoServerOptions { Port = 0, LoggerFactory = NullLoggerFactory.Instance, UseEventLoop = UsesEventLoop };
        configure?.Invoke(options);
        options.MaxQueueLengthPerKey = options.MaxQueueLength;
        Server = new RyusoServer(Orchestrator, options);
        await Server.StartAsync(Cancel);
    }

    protected async Task<Socket> ConnectAsync()
    {
        EndPoint endPoint = Server.EndPoints[0];
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, endPoint is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        await socket.ConnectAsync(endPoint, Cancel);
        return socket;
    }

    protected async Task<Socket> SendAsync(params byte[][] segments)
    {
        Socket socket = await ConnectAsync();
        if (socket.AddressFamily != AddressFamily.Unix)
        {
            socket.NoDelay = true;
        }

        foreach (byte[] segment in segments)
        {
            await socket.SendAsync(segment, Cancel);
        }

        return socket;
    }

    protected Task<Socket> SendAsync(string request) => SendAsync(Encoding.UTF8.GetBytes(request));

    /// <summary>Reads to the end of the stream.</summary>
    protected static async Task<string> ReadAsync(Socket socket)
    {
        using var answer = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        for (int length; (length = await socket.ReceiveAsync(buffer, Cancel)) > 0;)
        {
            answer.Write(buffer, 0, length);
        }

        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer.ToArray());
    }

    /// <summary>Reads so many lines.</summary>
    protected static async Task<string[]> ReadLinesAsync(Socket socket, int count)
    {
        var lines = new List<byte>();
        byte[] buffer = new byte[1];
        while (count > 0 && await socket.ReceiveAsync(buffer, Cancel) > 0)
        {
            lines.Add(buffer[0]);
            count -= buffer[0] == '\n' ? 1 : 0;
        }

        return Encoding.UTF8.GetString([.. lines]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    protected async Task<string> AskAsync(params byte[][] segments)
    {
        using Socket socket = await SendAsync(segments);
        return await ReadAsync(socket);
    }

    protected Task<string> AskAsync(string request) => AskAsync(Encoding.UTF8.GetBytes(request));

    protected static string? CodeOf(string answer) => (string?)JsonNode.Parse(answer)!["_error_code"];

    protected async Task UntilWaitingAsync(int count)
    {
        await Until.TrueAsync(() => Orchestrator.WaitingCount >= count);
    }
}
