using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Ryuso.Server.Hosting;

/// <summary>An orchestrator that a process can serve.</summary>
internal readonly record struct OrchestratorRegistration(string Name, Func<RyusoServerOptions, Orchestrator> Make)
{
    public static OrchestratorRegistration Of<TOrchestrator>(string name)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator> =>
        new(name, static options => TOrchestrator.Create(options.Services, options.LoggerFactory?.CreateLogger("Ryuso"), options.TimeProvider));
}

/// <summary>A process that serves: command line, start, signals, exit code.</summary>
internal static class ServerProcess
{
    private static readonly Lock s_registryGate = new();
    private static readonly List<OrchestratorRegistration> s_registry = [];

    /// <summary>The orchestrators of the assemblies that have been loaded.</summary>
    public static OrchestratorRegistration[] Registrations
    {
        get
        {
            lock (s_registryGate)
            {
                return [.. s_registry];
            }
        }
    }

    public static void Register(OrchestratorRegistration served)
    {
        lock (s_registryGate)
        {
            s_registry.Add(served);
        }
    }

    public static async Task<int> RunAsync(OrchestratorRegistration[] choice, string[] args, Action<RyusoServerOptions>? configure, CancellationToken cancellationToken)
    {
        CommandLine line = CommandLine.Parse(args, Environment.GetEnvironmentVariable);
        if (line.Error is not null)
        {
            return await FailAsync(2, $"{line.Error}{Environment.NewLine}{CommandLine.Help}").ConfigureAwait(false);
        }

        if (line.WantsHelp || line.WantsVersion)
        {
            string version = $"{string.Join(", ", choice.Select(r => r.Name))} on Ryuso {typeof(RyusoServer).Assembly.GetName().Version?.ToString(3)}";
            await Console.Out.WriteLineAsync(line.WantsHelp ? CommandLine.Help : version.TrimStart()).ConfigureAwait(false);
            return 0;
        }

        if (choice.Length != 1)
        {
            return await FailAsync(1, choice.Length == 0
                ? "There is no orchestrator to serve. Add a ryu_spec.json to the project; the build makes the orchestrator from it. If it stands in another assembly, name it: Run<ITS_ORCHESTRATOR>(args)."
                : $"There are several orchestrators ({string.Join(", ", choice.Select(r => r.Name))}) and Run serves the only one. Name the one you mean: Run<ITS_ORCHESTRATOR>(args).").ConfigureAwait(false);
        }

        var options = new RyusoServerOptions();
        RyusoServer server;
        try
        {
            line.ApplyTo(options);
            configure?.Invoke(options);
            line.ApplyTo(options);
            options.LoggerFactory ??= new StandardErrorLogger(options.TimeProvider, options.LogLevel);
            server = new RyusoServer(choice[0].Make(options), options);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException or CryptographicException or IOException)
        {
            return await FailAsync(1, exception.Message).ConfigureAwait(false);
        }

        await using (server.ConfigureAwait(false))
        {
            return await ServeAsync(server, options, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<int> ServeAsync(RyusoServer server, RyusoServerOptions options, CancellationToken cancellationToken)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            if (!stop.TrySetResult())
            {
                Environment.Exit(context.Signal == PosixSignal.SIGINT ? 130 : 143);
            }
        }

        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using CancellationTokenRegistration cancelled = cancellationToken.Register(() => stop.TrySetResult());
        try
        {
            await server.StartAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or PlatformNotSupportedException or UnauthorizedAccessException)
        {
            return await FailAsync(1, $"Cannot listen on {string.Join(", ", options.Addresses().Select(a => a.Text))}: {exception.Message}.").ConfigureAwait(false);
        }

        catch (JournalException exception)
        {
            return await FailAsync(1, exception.Message).ConfigureAwait(false);
        }

        SystemdNotifier.Notify("READY=1");
        await stop.Task.ConfigureAwait(false);
        SystemdNotifier.Notify("STOPPING=1");
        await server.StopAsync(CancellationToken.None).ConfigureAwait(false);
        return server.JournalProblem is { } problem
            ? await FailAsync(1, $"Stopped while nothing could run. {problem}").ConfigureAwait(false)
            : 0;
    }

    private static async Task<int> FailAsync(int exitCode, string message)
    {
        try
        {
            await Console.Error.WriteLineAsync(message).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The stream is closed or full; the exit code says the rest.
        }

        return exitCode;
    }
}
