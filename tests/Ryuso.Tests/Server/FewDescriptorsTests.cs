using System.Net.Sockets;

namespace Ryuso.Tests.Server;

/// <summary>A process that may open few files.</summary>
public sealed class FewDescriptorsTests : ServedTests
{
    [Fact]
    public async Task Server_with_few_descriptors_serves_only_as_many_clients()
    {
        using ServerProcessHandle server = await ServerProcessHandle.StartAsync(descriptors: 200, "--port", "0");
        using var kept = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await kept.ConnectAsync(server.EndPoint, Cancel);
        await PingAsync(kept);
        var others = new List<Socket>();
        for (int i = 0; i < 300; i++)
        {
            others.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
            await others[i].ConnectAsync(server.EndPoint, Cancel);
            await PingAsync(kept);
        }

        byte[] first = new byte[1];
        Assert.Equal(0, await others[^1].ReceiveAsync(first, Cancel));
        others.ForEach(socket => socket.Dispose());
        string answer;
        do
        {
            using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await late.ConnectAsync(server.EndPoint, Cancel);
            await late.SendAsync("""{"op":"ping"}"""u8.ToArray(), Cancel);
            answer = await ReadToEndAsync(late);
        }
        while (answer != """{"_pong":true}""");
        await PingAsync(kept);
    }

    /// <summary>One that was turned away without a word may be reset.</summary>
    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        try
        {
            return await ReadAsync(socket);
        }
        catch (SocketException)
        {
            return "";
        }
    }

    private static async Task PingAsync(Socket kept)
    {
        await kept.SendAsync("""{"id":2,"op":"ping"}"""u8.ToArray(), Cancel);
        Assert.Equal(["""{"_id":2,"_pong":true}"""], await ReadLinesAsync(kept, 1));
    }
}
