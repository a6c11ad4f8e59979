using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ryuso.Tests.Telemetry;

/// <summary>Servers in processes of their own, whose standard error stream takes nothing.</summary>
public sealed class StandardErrorTests
{
    private const int Runs = 10_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A closed descriptor, a full disk, and a pipe that nobody reads (this process does not).
    [Theory]
    [InlineData("2>&-")]
    [InlineData("2>/dev/full")]
    [InlineData("")]
    public async Task Server_whose_log_takes_nothing_answers_every_run_and_exits_with_0(string redirection)
    {
        using Process server = Start(redirection);
        try
        {
            string? listening = await server.StandardOutput.ReadLineAsync(Cancel);
            int port = int.Parse(listening!.Split(':')[^1], CultureInfo.InvariantCulture);
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), Cancel);
            await using var stream = new NetworkStream(client);
            Task sending = Task.Run(
                async () =>
                {
                    for (int i = 0; i < Runs; i++)
                    {
                        await stream.WriteAsync(Encoding.UTF8.GetBytes($$"""{"id":{{i}},"program":"add"}"""), Cancel);
                    }
                },
                Cancel);
            using var reader = new StreamReader(stream);
            for (int i = 0; i < Runs; i++)
            {
                Assert.Equal($$"""{"_id":{{i}}}""", await reader.ReadLineAsync(Cancel));
            }

            await sending;
            client.Shutdown(SocketShutdown.Both);
            using (Process kill = Process.Start("kill", ["-TERM", server.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                await kill.WaitForExitAsync(Cancel);
            }

            Assert.Equal($"applied {Runs}", await server.StandardOutput.ReadLineAsync(Cancel));
            await server.WaitForExitAsync(Cancel);
            Assert.Equal(0, server.ExitCode);
        }
        finally
        {
            if (!server.HasExited)
            {
                server.Kill();
            }
        }
    }

    private static Process Start(string redirection)
    {
        string program = Server.ServerProcessHandle.Program;
        var start = new ProcessStartInfo("sh", ["-c", $"exec dotnet \"$0\" --port 0 {redirection}", program])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["RYUSO_TEST_LOG"] = "standard error";
        return Process.Start(start)!;
    }
}
