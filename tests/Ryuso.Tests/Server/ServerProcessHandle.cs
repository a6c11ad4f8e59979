using System.Diagnostics;
using System.Net;

namespace Ryuso.Tests.Server;

/// <summary>A server in a process of its own.</summary>
internal sealed class ServerProcessHandle : IDisposable
{
    /// <summary>In its own folder: beside the tests lie the assemblies that they need, which are fewer where the tests have a framework for the rest.</summary>
    public static readonly string Program = Path.Combine(
        AppContext.BaseDirectory.Replace("/Ryuso.Tests/", "/Ryuso.TestServer/", StringComparison.Ordinal), "Ryuso.TestServer.dll");

    // $0 is the folder, the rest the command.
    private const string ReadOnlyRoot = """
        if unshare --mount true 2>/dev/null; then
          exec unshare --mount sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro /; exec "$@"' "$0" "$@"
        fi
        exec "$@"
        """;

    private readonly Process _process;

    private ServerProcessHandle(Process process, string listening)
    {
        _process = process;
        Listening = listening;
    }

    /// <summary>What the server said of its addresses.</summary>
    public string Listening { get; }

    public IPEndPoint EndPoint => IPEndPoint.Parse(Listening.Split("Listening on ")[1].Split(": ")[0].Split(", ")[0]);

    public static Task<ServerProcessHandle> StartAsync(params string[] arguments) => StartAsync("dotnet", [Program, .. arguments]);

    /// <summary>Starts one that may have only so many files and sockets open.</summary>
    public static Task<ServerProcessHandle> StartAsync(int descriptors, params string[] arguments) =>
        StartAsync("sh", ["-c", $"ulimit -n {descriptors}; exec dotnet \"$0\" \"$@\"", Program, .. arguments]);

    /// <summary>
    /// Starts one as a user without rights or a home, who may write to one folder only. Where the tests' own user is none but root's, that
    /// one will do; where no file system may be mounted, the rest is protected by its permissions alone.
    /// </summary>
    public static Task<ServerProcessHandle> StartUnprivilegedAsync(string folder, params string[] arguments) => Environment.UserName == "root"
        ? StartAsync("sh", ["-c", ReadOnlyRoot, folder, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "dotnet", Program, .. arguments])
        : StartAsync("dotnet", [Program, .. arguments]);

    /// <summary>Runs one that cannot start. Its exit code, and what it wrote to the standard error stream.</summary>
    public static Task<(int ExitCode, string Error)> FailAsync(params string[] arguments) => FailAsync("dotnet", [Program, .. arguments]);

    /// <summary>Runs one that cannot start for want of files and sockets.</summary>
    public static Task<(int ExitCode, string Error)> FailAsync(int descriptors, params string[] arguments) =>
        FailAsync("sh", ["-c", $"ulimit -n {descriptors}; exec dotnet \"$0\" \"$@\"", Program, .. arguments]);

    private static async Task<(int ExitCode, string Error)> FailAsync(string command, string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static async Task<ServerProcessHandle> StartAsync(string command, string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        string? line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        return new ServerProcessHandle(process, line ?? throw new InvalidOperationException("The server did not start."));
    }

    /// <summary>SIGTERM, without waiting for anything.</summary>
    public void Terminate() => Signal("TERM");

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>The exit code, and how many runs there were (-1 where the server did not say).</summary>
    public async Task<(int ExitCode, int Applied)> ExitAsync()
    {
        string rest = await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (_process.ExitCode, rest.StartsWith("applied ", StringComparison.Ordinal) ? int.Parse(rest[8..], null) : -1);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
