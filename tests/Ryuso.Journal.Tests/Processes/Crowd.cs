using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Ryuso.Journal.Tests.Processes;

/// <summary>Clients that each ask, repeat until they are answered, and ask anew.</summary>
internal sealed class Crowd
{
    private readonly Task[] _clients;
    private Life _life = new(0);
    private volatile bool _leaving;
    private TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _number;
    private int _left;
    private int _repeated;

    public Crowd(int clients) => _clients = [.. Enumerable.Range(0, clients).Select(seed => Task.Run(() => ClientAsync(new Random(seed))))];

    public ConcurrentDictionary<string, JsonObject> Answers { get; } = new();

    public int Repeated => _repeated;

    /// <summary>A server has come up.</summary>
    public void Meet(int port) => Interlocked.Exchange(ref _life, new Life(port)).Over.SetResult();

    /// <summary>Ends when so many more answers have come.</summary>
    public Task AnsweredAsync(int count)
    {
        _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _left, count);
        return _enough.Task;
    }

    /// <summary>Ends when everybody has the last answer.</summary>
    public async Task LeaveAsync()
    {
        _leaving = true;
        await Task.WhenAll(_clients);
    }

    private async Task ClientAsync(Random dice)
    {
        Life life = Volatile.Read(ref _life);
        await life.Over.Task;
        while (!_leaving)
        {
            string runId = $"run-{Interlocked.Increment(ref _number)}";
            JsonObject request = KilledServerTests.Request(dice.Next(4) == 0 ? "withdraw" : "transfer", runId, dice.Next(1, 50), notifierDown: dice.Next(3) == 0);
            JsonObject? answer;
            while ((answer = await CrashServer.AskAsync((life = Volatile.Read(ref _life)).Port, request)) is null)
            {
                Interlocked.Increment(ref _repeated);
                await life.Over.Task;
            }

            Answers[runId] = answer;
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _enough.TrySetResult();
            }
        }
    }

    /// <summary>One life of the server; over when the next begins.</summary>
    private sealed record Life(int Port)
    {
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
