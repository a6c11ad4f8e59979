using System.Net.Sockets;
using System.Text;
using Ryuso.Orchestration;
using Ryuso.Values;

namespace Ryuso.Tests.Server;

/// <summary>A request is read, checked and refused before the lane, in memory that its own length bounds.</summary>
public sealed class LargeRequestTests : ServedTests
{
    [Theory]
    [InlineData("""{"program":"none"}""", "unknown_program")]
    [InlineData("""{"program":}""", "bad_request")]
    [InlineData("""{"program":"echo","data_pool":{"text":1}}""", "invalid_arguments")]
    [InlineData("""{"id":1,"program":"echo","data_pool":{"text":1}}""", "invalid_arguments")]
    public async Task Request_that_cannot_run_is_refused_while_a_run_holds_the_lane(string request, string code)
    {
        await StartAsync();
        using Socket holder = await SendAsync("""{"program":"gate"}""");
        await Orchestrator.GateEntered.Task.WaitAsync(Cancel);
        using Socket refused = await SendAsync(request);
        refused.Shutdown(SocketShutdown.Send);
        Assert.Equal(code, CodeOf(await ReadAsync(refused)));
        Assert.Equal(0, Orchestrator.WaitingCount);
    }

    [Theory]
    [InlineData("[1", ",1", "]")]
    [InlineData("[[]", ",[]", "]")]
    [InlineData("[{\"a\":1}", ",{\"a\":1}", "]")]
    [InlineData("[\"\"", ",\"\\u0061\"", "]")]
    public void Large_list_takes_at_most_four_bytes_of_memory_for_each_of_its_own(string begin, string item, string end)
    {
        StringBuilder text = new StringBuilder("{\"program\":\"echo\",\"data_pool\":{\"text\":\"t\",\"list\":").Append(begin);
        while (text.Length < 1024 * 1024)
        {
            text.Append(item);
        }

        byte[] request = Encoding.UTF8.GetBytes(text.Append(end).Append("}}").ToString());
        RunExecutor executor = Orchestrator.Executors.Rent();
        executor.Read("""{"program":"echo","data_pool":{"text":"t","list":[]}}"""u8);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(executor.Read(request));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, request.Length, 4L * request.Length);
        Orchestrator.Executors.Return(executor);
    }

    [Fact]
    public void Executor_that_was_given_back_holds_nothing_of_its_request()
    {
        RunExecutor executor = Orchestrator.Executors.Rent();
        WeakReference text = Read(executor);
        Orchestrator.Executors.Return(executor);
        GC.Collect();
        Assert.False(text.IsAlive);
        Assert.Same(executor, Orchestrator.Executors.Rent());
    }

    [Fact]
    public async Task Executor_that_was_given_back_holds_no_answer()
    {
        RunExecutor executor = Orchestrator.Executors.Rent();
        Assert.Null(executor.Read("""{"program":"echo","data_pool":{"text":"t"}}"""u8));
        await executor.RunAsync(answer: null);
        Assert.Equal("""{"text":"t"}"""u8, executor.Answer);
        Orchestrator.Executors.Return(executor);
        Assert.Equal(0, executor.Answer.Length);
    }

    [Fact]
    public void Answer_buffer_that_was_cleared_keeps_no_more_than_a_quarter_of_a_megabyte()
    {
        var buffer = new AnswerBuffer();
        buffer.Text(new string('x', 8 * 1024 * 1024));
        buffer.Clear();
        Assert.InRange(buffer.GetMemory().Length, 1, 256 * 1024);
    }

    [Fact]
    public async Task Request_with_too_many_variables_is_refused_with_the_remedy()
    {
        string variables = string.Join(",", Enumerable.Range(0, 65_537).Select(i => $"\"v{i}\":0"));
        await StartAsync();
        string answer = await AskAsync($"{{\"program\":\"echo\",\"data_pool\":{{{variables}}}}}");
        Assert.Contains("'data_pool' has more than 65536 variables; put them into a dict or a list.", answer, StringComparison.Ordinal);
        Assert.Equal("bad_request", CodeOf(answer));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference Read(RunExecutor executor)
    {
        Assert.Null(executor.Read("""{"program":"echo","data_pool":{"text":"t","note":"held by the run only"}}"""u8));
        return new WeakReference(executor.Slots.Get("note").StringOrNull);
    }
}
