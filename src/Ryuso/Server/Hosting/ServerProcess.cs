using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Ryuso.Server.Loops;

namespace Ryuso.Server.Hosting;

/// <summary>An orchestrator that a process can serve.</summary>
internal readonly record struct OrchestratorRegistration(string Name, Func<RyusoServerOptions, Orchestrator> Make)
{
    public static OrchestratorRegistration Of<TOrchestrator>(string name)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator> =>
        new(name, static options =>
            TOrchestrator.Create(options.Services, options.LoggerFactory?.CreateLogger("Ryuso"), options.TimeProvider));
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

    public static async Task<int> RunAsync(
        OrchestratorRegistration[] choice,
        string[] args,
        Action<RyusoServerOptions>? configure,
        CancellationToken cancellationToken)
    {
        CommandLine line = CommandLine.Parse(args, Environment.GetEnvironmentVariable);
        if (line.Error is not null)
        {
            return await FailAsync(2, $"{line.Error}{Environment.NewLine}{CommandLine.Help}").ConfigureAwait(false);
        }

        if (line.WantsHelp || line.WantsVersion)
        {
            string names = string.Join(", ", choice.Select(r => r.Name));
            string version = $"{names} on Ryuso {typeof(RyusoServer).Assembly.GetName().Version?.ToString(3)}";
            await Console.Out.WriteLineAsync(line.WantsHelp ? CommandLine.Help : version.TrimStart()).ConfigureAwait(false);
            return 0;
        }

        // With fewer, .NET itself ends in an abort: it needs some for its threads and assemblies.
        if (OperatingSystem.IsLinux() && LinuxNative.DescriptorsLeft() is var left and < ServerTuning.MinDescriptors)
        {
            string needed = $"a server needs at least {ServerTuning.MinDescriptors}";
            return await FailAsync(
                1, $"The process may open only {left} more files and sockets, and {needed}. Raise the limit (ulimit -n).")
                .ConfigureAwait(false);
        }

        if (choice.Length != 1)
        {
            return await FailAsync(1, choice.Length == 0
                ? "There is no orchestrator to serve. Add a ryu_spec.json to the project; the build makes the orchestrator from it. "
                    + "If it is in another assembly, name it: Run<ITS_ORCHESTRATOR>(args)."
                : $"There are several orchestrators ({string.Join(", ", choice.Select(r => r.Name))}) and Run serves the only one. "
                    + "Name the one you mean: Run<ITS_ORCHESTRATOR>(args).").ConfigureAwait(false);
        }

        var options = new RyusoServerOptions();
        RyusoServer? server = null;
        Orchestrator orchestrator;
        int exitCode;
        try
        {
            line.ApplyTo(options);
            configure?.Invoke(options);
            line.ApplyTo(options);
            options.LoggerFactory ??= new StandardErrorLogger(options.TimeProvider, options.LogLevel);
            options.Validate();
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException
            or CryptographicException
            or IOException or UnauthorizedAccessException)
        {
            return await FailAsync(1, exception.Message).ConfigureAwait(false);
        }

        try
        {
            orchestrator = choice[0].Make(options);
            server = new RyusoServer(orchestrator, options);
        }
        catch (InvalidOperationException exception)
        {
            return await FailAsync(1, exception.Message).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A hook class's constructor may throw whatever it likes.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            // The stack trace names the class.
            return await FailAsync(1, $"The orchestrator could not be made: {exception}").ConfigureAwait(false);
        }

        await using (server.ConfigureAwait(false))
        {
            exitCode = await ServeAsync(server, options, line, cancellationToken).ConfigureAwait(false);
        }

        await orchestrator.DisposeHooksAsync().ConfigureAwait(false);
        return exitCode;
    }

    private static async Task<int> ServeAsync(
        RyusoServer server,
        RyusoServerOptions options,
        CommandLine line,
        CancellationToken cancellationToken)
    {
        ILogger logger = options.LoggerFactory!.CreateLogger("Ryuso.Server");
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
        using PosixSignalRegistration? hangUp = OperatingSystem.IsWindows()
            ? null
            : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            ReloadCertificates(server, line, logger);
        });
        using CancellationTokenRegistration cancelled = cancellationToken.Register(() => stop.TrySetResult());
        try
        {
            await server.StartAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or PlatformNotSupportedException or UnauthorizedAccessException
            or IOException)
        {
            string addresses = string.Join(", ", options.Addresses().Select(a => a.Text));
            return await FailAsync(1, $"Cannot listen on {addresses}: {exception.Message.TrimEnd('.')}.").ConfigureAwait(false);
        }
        catch (JournalException exception)
        {
            return await FailAsync(1, exception.Message).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A supervisor reads words and an exit code, not the dump of an abort.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return await FailAsync(1, $"The server could not start: {exception}").ConfigureAwait(false);
        }

        SystemdNotifier.Notify("READY=1");
        await stop.Task.ConfigureAwait(false);
        SystemdNotifier.Notify("STOPPING=1");
        using var limit = new CancellationTokenSource(options.ShutdownTimeout, options.TimeProvider);
        try
        {
            await server.StopAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            string outcome = options.Journal is null
                ? "Without a journal what it had done stays as it is."
                : "The next start rectifies it from the journal.";
            double seconds = options.ShutdownTimeout.TotalSeconds;
            return await FailAsync(1, $"A run did not end within the {seconds} seconds of the shutdown and was cut off. {outcome}")
                .ConfigureAwait(false);
        }

        return server.JournalProblem is { } problem
            ? await FailAsync(1, $"Stopped while nothing could run. {problem}").ConfigureAwait(false)
            : 0;
    }

    private static void ReloadCertificates(RyusoServer server, CommandLine line, ILogger logger)
    {
        if (!line.HasCertificate)
        {
            ServerLog.NothingToReload(logger);
            return;
        }

        try
        {
            server.ReplaceTls(line.ReadTls());
            ServerLog.CertificatesReloaded(logger);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or IOException
            or UnauthorizedAccessException)
        {
            ServerLog.ReloadFailed(logger, exception);
        }
    }

    /// <summary>Writes to the standard error stream where no descriptor is left for what the console would open.</summary>
    private static void WriteWithoutConsole(string text)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                using var descriptor = new SafeFileHandle(2, ownsHandle: false);
                LinuxNative.WriteAll(descriptor, Encoding.UTF8.GetBytes(text));
            }
        }
        catch (IOException)
        {
            // The stream is closed or full; the exit code says the rest.
        }
    }

    private static async Task<int> FailAsync(int exitCode, string message)
    {
        try
        {
            await Console.Error.WriteLineAsync(message).ConfigureAwait(false);
        }
        catch (IOException)
        {
            WriteWithoutConsole(message + Environment.NewLine);
        }

        return exitCode;
    }
}
