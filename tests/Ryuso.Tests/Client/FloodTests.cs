using System.Text;
using Ryuso.Tests.Server;

namespace Ryuso.Tests.Client;

/// <summary>What a server sends without end costs the client no more than an answer may be long.</summary>
[Collection(nameof(Alone))]
public sealed class FloodTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Endless_answer_ends_the_connection()
    {
        long sent = 0;
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            await connection.ReadAsync();
            await connection.SendAsync("""{"_id":1,"text":""" + "\"");
            byte[] piece = Encoding.ASCII.GetBytes(new string('x', 1024 * 1024));
            for (; sent < 64; sent++)
            {
                await connection.SendAsync(piece);
            }
        });
        await using RyusoClient client = server.Connect(o => o.MaxAnswerBytes = 2 * 1024 * 1024);
        long before = GC.GetTotalAllocatedBytes();
        OutcomeUnknownException unknown = await Assert.ThrowsAsync<OutcomeUnknownException>(() => client.RunAsync("echo", cancellationToken: Cancel));
        Assert.Contains("longer than 2097152 bytes (option MaxAnswerBytes)", unknown.Message, StringComparison.Ordinal);
        Assert.InRange(sent, 0, 63);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 24 * 1024 * 1024);
    }
}
