using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ryuso.Hosting.Tests;

internal static class Served
{
    /// <summary>Serves an orchestrator for one plain request.</summary>
    public static async Task<string> AskAsync(Orchestrator orchestrator, string request)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using var server = new RyusoServer(orchestrator, new RyusoServerOptions { Port = 0 });
        await server.StartAsync(cancel);
        return await AskAsync(server.EndPoint, request);
    }

    /// <summary>A plain client: connects, sends, reads to the end.</summary>
    public static async Task<string> AskAsync(IPEndPoint address, string request)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, cancel);
        await socket.SendAsync(Encoding.UTF8.GetBytes(request), cancel);
        byte[] buffer = new byte[4096];
        int length = 0;
        for (int read; (read = await socket.ReceiveAsync(buffer.AsMemory(length), cancel)) > 0;)
        {
            length += read;
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
