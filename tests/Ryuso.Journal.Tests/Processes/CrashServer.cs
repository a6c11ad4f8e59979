using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Ryuso.Journal.Tests.Processes;

/// <summary>One life of the server process that is there to be killed.</summary>
internal sealed class CrashServer : IAsyncDisposable
{
    private readonly Process _process;
    private bool _isDisposed;

    private CrashServer(Process process) => _process = process;

    /// <summary>Where it listens; 0 where it ended before it could say.</summary>
    public int Port { get; private set; }

    /// <param name="folder">Where its files are.</param>
    /// <param name="failAt">The point at which it ends itself; 0 for none.</param>
    /// <param name="failRun">Only this run's points count; null for every run's.</param>
    /// <param name="port">Where it is to listen; 0 for any free port.</param>
    /// <param name="isKeyed">Whether its programs have keys.</param>
    public static CrashServer Begin(string folder, int failAt = 0, string? failRun = null, int port = 0, bool isKeyed = false)
    {
        string[] arguments = [Assembly(), folder, port.ToString(CultureInfo.InvariantCulture), .. isKeyed ? ["keyed"] : Array.Empty<string>()];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FAIL_AT"] = failAt.ToString(CultureInfo.InvariantCulture);
        if (failRun is not null)
        {
            start.Environment["FAIL_RUN"] = failRun;
        }

        var process = new Process { StartInfo = start };
        process.Start();
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return new CrashServer(process);
    }

    public static async Task<CrashServer> StartAsync(string folder, int failAt = 0, string? failRun = null, int port = 0, bool isKeyed = false)
    {
        CrashServer server = Begin(folder, failAt, failRun, port, isKeyed);
        await server.ReadyAsync();
        return server;
    }

    public async Task ReadyAsync() =>
        Port = int.TryParse(await _process.StandardOutput.ReadLineAsync(), CultureInfo.InvariantCulture, out int port) ? port : 0;

    /// <summary>Asks, and reads to the end of the stream; null where the server ended before it had answered.</summary>
    public async Task<JsonObject?> AskAsync(JsonObject request) => await AskAsync(Port, request);

    public static async Task<JsonObject?> AskAsync(int port, JsonObject request)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToJsonString()));
            using var reader = new StreamReader(stream);
            string answer = await reader.ReadToEndAsync();
            return answer.Length == 0 ? null : (JsonObject)JsonNode.Parse(answer)!;
        }
        catch (Exception exception) when (exception is SocketException or IOException or System.Text.Json.JsonException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await EndedAsync();
    }

    public Task EndedAsync() => _process.WaitForExitAsync();

    /// <summary>Stops in good order, unless it has ended already.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended.
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(limit.Token);
        _process.Dispose();
    }

    /// <summary>The server stands beside these tests, built in the same configuration.</summary>
    private static string Assembly()
    {
        string here = AppContext.BaseDirectory.TrimEnd('/');
        string configuration = Path.GetFileName(Path.GetDirectoryName(here)!);
        return Path.Combine(here, "../../../../Ryuso.Journal.CrashServer/bin", configuration, "net10.0/Ryuso.Journal.CrashServer.dll");
    }
}
