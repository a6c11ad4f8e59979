using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Ryuso.Journal.Tests.Processes;

/// <summary>
/// Clients with one account each, who send some transfers from it at once on one connection, to accounts that all share, and ask again, in the
/// same order, for what was not answered.
/// </summary>
internal sealed class KeyedCrowd
{
    private static readonly string[] s_shared = ["ann", "bob", "cid"];

    private readonly Task[] _clients;
    private readonly Dictionary<string, IReadOnlyList<(string RunId, string To)>> _asked = [];
    private Life _life = new(0, 0);
    private volatile bool _isLeaving;
    private TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left;
    private int _repeated;

    public KeyedCrowd(int clients)
    {
        var asked = new List<(string RunId, string To)>[clients];
        for (int client = 0; client < clients; client++)
        {
            _asked[$"own{client}"] = asked[client] = [];
        }

        _clients = [.. Enumerable.Range(0, clients).Select(client => Task.Run(() => ClientAsync(client, asked[client])))];
    }

    public ConcurrentDictionary<string, JsonObject> Answers { get; } = new();

    /// <summary>The runs of each account in the order in which they were asked for. To be read once all have left.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<(string RunId, string To)>> Asked => _asked;

    public int Repeated => _repeated;

    /// <summary>A server has come up.</summary>
    public void Meet(int port) => Interlocked.Exchange(ref _life, new Life(port, _asked.Count)).Over.SetResult();

    /// <summary>Ends when this server has answered all that every client had asked for before, so that nothing of an earlier life is unfinished.</summary>
    public Task SettledAsync() => _life.Settled.Task;

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
        _isLeaving = true;
        await Task.WhenAll(_clients);
    }

    private async Task ClientAsync(int client, List<(string RunId, string To)> asked)
    {
        var dice = new Random(client);
        Life life = Volatile.Read(ref _life);
        await life.Over.Task;
        while (!_isLeaving)
        {
            var open = new Queue<(string RunId, string Line)>();
            for (int i = dice.Next(1, 5); i > 0; i--)
            {
                string runId = $"run-{client}-{asked.Count}";
                string to = s_shared[dice.Next(s_shared.Length)];
                JsonObject request = KilledServerTests.Request("transfer", runId, dice.Next(1, 50), notifierDown: dice.Next(3) == 0);
                request["id"] = asked.Count;
                request["data_pool"]!["from"] = $"own{client}";
                request["data_pool"]!["to"] = to;
                asked.Add((runId, to));
                open.Enqueue((runId, request.ToJsonString() + "\n"));
            }

            while (true)
            {
                life = Volatile.Read(ref _life);
                await AskAsync(life.Port, open);
                if (open.Count == 0)
                {
                    life.Settle(client);
                    break;
                }

                Interlocked.Add(ref _repeated, open.Count);
                await life.Over.Task;
            }
        }
    }

    /// <summary>Sends all that is open, and takes out what is answered.</summary>
    private async Task AskAsync(int port, Queue<(string RunId, string Line)> open)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(open.Select(o => o.Line))));
            using var reader = new StreamReader(stream);
            while (open.Count > 0 && await reader.ReadLineAsync() is { } line)
            {
                var answer = (JsonObject)JsonNode.Parse(line)!;
                answer.Remove("_id");
                Answers[open.Dequeue().RunId] = answer;
                if (Interlocked.Decrement(ref _left) == 0)
                {
                    _enough.TrySetResult();
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or System.Text.Json.JsonException or ArgumentOutOfRangeException)
        {
            // The server has ended; the next one is asked.
        }
    }

    /// <summary>One life of the server; over when the next begins.</summary>
    private sealed class Life(int port, int clients)
    {
        private readonly HashSet<int> _settled = [];

        public int Port => port;

        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Settle(int client)
        {
            lock (_settled)
            {
                if (_settled.Add(client) && _settled.Count == clients)
                {
                    Settled.SetResult();
                }
            }
        }
    }
}
