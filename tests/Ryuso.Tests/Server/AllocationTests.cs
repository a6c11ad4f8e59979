using System.Buffers;
using System.Net.Sockets;
using System.Text;

namespace Ryuso.Tests.Server;

[Collection(nameof(Alone))]
public sealed class AllocationTests : ServedTests
{
    private static string Echo(string id, string text) => $$$"""{"id":{{{id}}},"program":"echo","data_pool":{"text":"{{{text}}}"}}""";

    [Fact]
    public async Task Pipelined_request_allocates_next_to_nothing()
    {
        await StartAsync();
        using Socket socket = await ConnectAsync();
        byte[] batch = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 32).Select(i => Echo($"{i}", "0123456789"))));
        int answered = Enumerable.Range(0, 32).Sum(i => $$"""{"_id":{{i}},"text":"0123456789"}""".Length + 1);
        byte[] answers = new byte[answered];
        void Round()
        {
            socket.Send(batch);
            for (int count = 0; count < answered;)
            {
                count += socket.Receive(answers, count, answered - count, SocketFlags.None);
            }
        }

        for (int i = 0; i < 300; i++)
        {
            Round();
        }

        const int Rounds = 300;
        double served = AllocatedBy(Round) / (32.0 * Rounds);
        byte[] request = Encoding.UTF8.GetBytes(Echo("1", "0123456789"));
        var answer = new ArrayBufferWriter<byte>();
        double ran = AllocatedBy(() =>
        {
            answer.ResetWrittenCount();
            Orchestrator.RunRequestAsync(request, answer, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }) / Rounds;

        // What a run itself allocates is measured elsewhere; the hook receives a string of ten characters.
        TestContext.Current.TestOutputHelper?.WriteLine($"{served:F0} bytes a request, {ran:F0} of them the run's");
        Assert.True(served - ran < 24);
    }

    private static long AllocatedBy(Action round)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < 300; i++)
        {
            round();
        }

        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}
