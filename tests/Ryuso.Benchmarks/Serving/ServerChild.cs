using System.Diagnostics;
using System.Globalization;
using Bank;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ryuso.Benchmarks.Serving;

/// <summary>A server in a process of its own: prints its port, then, for each line that it reads, its CPU time and what it has allocated.</summary>
internal static class ServerChild
{
    public static int Run(string name)
    {
        int port = name switch
        {
            "echo-blocking" => EchoServers.Blocking(),
            "echo-events" or "echo-inline" => EchoServers.Events(),
            "minimal-api" => Rivals.MinimalApi(),
            "stream-json-rpc" => Rivals.StreamJsonRpc(),
            "ryuso-keyed" => Ryuso(new KeyedBank.KeyedBankOrchestrator()),
            _ => Ryuso(new BankOrchestrator()),
        };
        Console.WriteLine(port);
        while (Console.ReadLine() is not null)
        {
            using var self = Process.GetCurrentProcess();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{self.TotalProcessorTime.TotalMicroseconds} {GC.GetTotalAllocatedBytes(precise: true)}"));
        }

        return 0;
    }

    private static int Ryuso(Orchestrator bank)
    {
#pragma warning disable CA2000 // It serves until the process ends.
        var server = new RyusoServer(bank, new RyusoServerOptions { Port = 0, LoggerFactory = NullLoggerFactory.Instance });
#pragma warning restore CA2000
        server.StartAsync().GetAwaiter().GetResult();
        return server.EndPoint.Port;
    }
}

/// <summary>The other end of a <see cref="ServerChild"/>.</summary>
internal sealed class ServerHandle : IDisposable
{
    private readonly Process _process;

    public ServerHandle(Contender contender)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ServerHandle).Assembly.Location);
        }

        start.ArgumentList.Add("serve");
        start.ArgumentList.Add(contender.Name);
        if (contender.Name == "echo-inline")
        {
            start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        }

        _process = Process.Start(start)!;
        Port = int.Parse(_process.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
    }

    public int Port { get; }

    public int Id => _process.Id;

    /// <summary>CPU time in microseconds and allocated bytes, so far.</summary>
    public (double Cpu, double Allocated) Read()
    {
        _process.StandardInput.WriteLine();
        string[] parts = _process.StandardOutput.ReadLine()!.Split(' ');
        return (double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5000))
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
