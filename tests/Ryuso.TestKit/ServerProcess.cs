using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Ryuso.TestKit;

/// <summary>A server as its users start it: a process of its own, on a free port.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(180);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _awaited;

    private ServerProcess(Process process, string awaited)
    {
        _process = process;
        _awaited = awaited;
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => _started.TrySetException(new InvalidOperationException("The server ended."));
        process.OutputDataReceived += (_, line) => Take(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Take(_log, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Port { get; private set; }

    public string Output => string.Join('\n', _output);

    public string Log => string.Join('\n', _log);

    /// <summary>Starts a program and waits until it has logged its address and printed <paramref name="awaited"/>.</summary>
    public static async Task<ServerProcess> StartAsync(string program, string[] arguments, IReadOnlyDictionary<string, string>? variables = null, string awaited = "")
    {
        var server = new ServerProcess(Command.Start(program, arguments, new Dictionary<string, string>(variables ?? new Dictionary<string, string>()) { ["RYUSO_PORT"] = "0" }), awaited);
        try
        {
            await server._started.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);
            server.Port = int.Parse(ListeningLine().Match(server.Log + server.Output).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            return server;
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"The server did not start. It printed:\n{server.Output}\n{server.Log}", exception);
        }
    }

    /// <summary>Asks over a plain socket: connect, send, read to the end.</summary>
    public async Task<string> AskAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", Port, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

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

        // The two streams come in no order: both lines must be there.
        if (ListeningLine().IsMatch(Log + Output) && Output.Contains(_awaited, StringComparison.Ordinal))
        {
            _started.TrySetResult();
        }
    }

    [GeneratedRegex(@"Listening on 127\.0\.0\.1:(\d+): ")]
    private static partial Regex ListeningLine();
}
