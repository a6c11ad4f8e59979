using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Ryuso.Tests.Server;

/// <summary>The client of the original: connect, send, receive to the end of the stream.</summary>
internal static class PlainClient
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Socket> SendAsync(IPEndPoint server, params byte[][] segments)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server, Cancel);
        foreach (byte[] segment in segments)
        {
            await socket.SendAsync(segment, Cancel);
        }

        return socket;
    }

    public static Task<Socket> SendAsync(IPEndPoint server, string request) => SendAsync(server, Encoding.UTF8.GetBytes(request));

    public static async Task<string> ReadAsync(Socket socket)
    {
        // Not a NetworkStream: that refuses a socket whose sending half is closed.
        using var answer = new MemoryStream();
        byte[] buffer = new byte[4096];
        for (int length; (length = await socket.ReceiveAsync(buffer, Cancel)) > 0;)
        {
            answer.Write(buffer, 0, length);
        }

        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer.ToArray());
    }

    public static async Task<string> AskAsync(IPEndPoint server, params byte[][] segments)
    {
        using Socket socket = await SendAsync(server, segments);
        return await ReadAsync(socket);
    }

    public static Task<string> AskAsync(IPEndPoint server, string request) => AskAsync(server, Encoding.UTF8.GetBytes(request));

    /// <summary>The code of a rejection, which must have words too.</summary>
    public static async Task<(string Code, string Words)> RejectionAsync(IPEndPoint server, byte[] request, bool halfClose = false)
    {
        using Socket socket = await SendAsync(server, request);
        if (halfClose)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        var answer = (JsonObject)JsonNode.Parse(await ReadAsync(socket))!;
        Assert.Equal(["_server_error", "_error_code", "_program_fail"], answer.Select(p => p.Key));
        Assert.True((bool)answer["_program_fail"]!);
        Assert.NotEqual("", (string?)answer["_server_error"]);
        return ((string)answer["_error_code"]!, (string)answer["_server_error"]!);
    }

    public static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }
}
