using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ryuso.Samples.Tests;

/// <summary>The wallet as its users start it: a process of its own, on a free port, with its own file.</summary>
internal sealed partial class WalletProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WalletProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Take(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Take(_log, line.Data);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => _started.TrySetException(new InvalidOperationException("The wallet ended."));
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The executable that the build has put beside the tests.</summary>
    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "Wallet");

    public int Port { get; private set; }

    public string Output => string.Join('\n', _output);

    public string Log => string.Join('\n', _log);

    public static Task<WalletProcess> StartAsync(string database) => StartAsync(Executable, ["--port", "0"], database);

    public static async Task<WalletProcess> StartAsync(string program, string[] arguments, string database)
    {
        var variables = new Dictionary<string, string> { ["WALLET_DB"] = database, ["RYUSO_PORT"] = "0" };
        var wallet = new WalletProcess(Command.Start(program, arguments, variables));
        try
        {
            await wallet._started.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);
            wallet.Port = int.Parse(ListeningLine().Match(wallet.Log).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            return wallet;
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            await wallet.DisposeAsync();
            throw new InvalidOperationException($"The wallet did not start. It printed:\n{wallet.Output}\n{wallet.Log}", exception);
        }
    }

    /// <summary>Asks over a plain socket: connect, send, read to the end.</summary>
    public async Task<JsonObject> AskAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", Port, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        return (await JsonNode.ParseAsync(stream, cancellationToken: TestContext.Current.CancellationToken))!.AsObject();
    }

    public async Task<long> BalanceAsync(string account) =>
        (long)(await AskAsync($$$"""{"program": "statement", "data_pool": {"account": "{{{account}}}"}}"""))["balance"]!;

    /// <summary>Sends SIGTERM and gives the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        await Command.RunAsync("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(s_limit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private void Take(ConcurrentQueue<string> lines, string? line)
    {
        if (line is null)
        {
            return;
        }

        lines.Enqueue(line);

        // The two streams come in no order: both the log line and the printed request must be there.
        if (ListeningLine().IsMatch(Log) && Output.Contains("| nc ", StringComparison.Ordinal))
        {
            _started.TrySetResult();
        }
    }

    [GeneratedRegex(@"Listening on 127\.0\.0\.1:(\d+): Wallet ")]
    private static partial Regex ListeningLine();
}
