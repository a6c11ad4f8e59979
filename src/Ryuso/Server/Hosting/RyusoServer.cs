using System.ComponentModel;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Ryuso.Definitions;
using Ryuso.Orchestration;
using Ryuso.Protocol;
using Ryuso.Server;
using Ryuso.Server.Connections;
using Ryuso.Server.Hosting;
using Ryuso.Telemetry;

namespace Ryuso;

/// <summary>Serves the programs of one orchestrator over sockets: a request and its answer are one JSON object each.</summary>
public sealed class RyusoServer : IAsyncDisposable
{
    // The last entries are worth a moment; a log that is stuck does not keep the process from ending.
    private static readonly TimeSpan s_logWait = TimeSpan.FromSeconds(1);

    private readonly RyusoServerOptions _options;
    private readonly ILogger _logger;
    private readonly ServerContext _context;
    private Listener[]? _listeners;
    private Task? _stop;
    private bool _isGivenUp;
    private bool _disposed;

    /// <summary>Makes a server that does not listen yet.</summary>
    /// <param name="orchestrator">Runs the programs.</param>
    /// <param name="options">How to listen and what to limit; null for the defaults.</param>
    public RyusoServer(Orchestrator orchestrator, RyusoServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(orchestrator);
        _options = options ?? new RyusoServerOptions();
        _options.Validate();
#pragma warning disable CA2000 // Holds no resource.
        ILoggerFactory log = _options.LoggerFactory ?? new StandardErrorLogger(_options.TimeProvider, _options.LogLevel);
#pragma warning restore CA2000
        _logger = ObserverLogger.Deferred(log.CreateLogger("Ryuso.Server"));
        orchestrator.UseRunLimits(_options.ToRunLimits());
        _context = new ServerContext(orchestrator, _options.ToConnectionOptions(), _options.Tls, _logger);
    }

    /// <summary>Where the server listens, with the ports that it got, in the order of the options.</summary>
    /// <exception cref="InvalidOperationException">The server has not been started.</exception>
    public IReadOnlyList<EndPoint> EndPoints => _listeners is { } listeners
        ? [.. listeners.Select(l => l.EndPoint)]
        : throw new InvalidOperationException("The server has not been started.");

    /// <summary>The first address with a port that the server listens on.</summary>
    /// <exception cref="InvalidOperationException">The server has not been started, or listens on no address with a port.</exception>
    public IPEndPoint EndPoint => EndPoints.OfType<IPEndPoint>().FirstOrDefault()
        ?? throw new InvalidOperationException("The server listens on no address with a port.");

    /// <summary>How many connections are open, lingering ones included.</summary>
    internal int OpenConnections => _context.Limits.OpenConnections;

    /// <summary>How many bytes of incomplete requests and unsent answers there are, small buffers not counted.</summary>
    internal long BufferedBytes => _context.Memory.Used;

    /// <inheritdoc cref="Orchestrator.JournalProblem"/>
    internal string? JournalProblem => _context.Orchestrator.JournalProblem;

    /// <summary>
    /// Why the server should be sent no requests now: it has not been started, is stopping, has a failed journal, or a run has kept others
    /// waiting for 30 seconds. Null where it is ready. For readiness checks: none of it is a reason to restart the process.
    /// </summary>
    public string? ReadinessProblem
    {
        get
        {
            if (_listeners is null)
            {
                return "The server has not been started.";
            }

            if (_stop is not null)
            {
                return "The server is stopping.";
            }

            return JournalProblem
                ?? (_context.Orchestrator.Lanes.Look(maxKeys: 0).Runs.FirstOrDefault(run => run.Waiting > 0 && run.Held >= ServerTuning.LongHold) is { } run
                    ? $"A run of '{run.Program}' ({run.RunId ?? "no id yet"}) has kept others waiting for {(long)run.Held.TotalSeconds} s."
                    : null);
        }
    }

    /// <summary>
    /// Makes an orchestrator known to <see cref="Run(string[], Action{RyusoServerOptions}?)"/>. Called by generated code.
    /// </summary>
    /// <typeparam name="TOrchestrator">The generated orchestrator.</typeparam>
    /// <param name="name">The spec's name.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static void Register<TOrchestrator>(string name)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        ArgumentNullException.ThrowIfNull(name);
        ServerProcess.Register(OrchestratorRegistration.Of<TOrchestrator>(name));
    }

    /// <summary>Serves the one orchestrator of this program until SIGTERM or Ctrl-C.</summary>
    /// <param name="args">The command line; <c>--help</c> lists its options.</param>
    /// <param name="configure">Sets further options; the command line wins over what it sets.</param>
    /// <returns>
    /// The exit code, which is also set as the process's: 0 after a graceful stop, 1 when the server could not start, 2 for a wrong
    /// command line.
    /// </returns>
    public static int Run(string[] args, Action<RyusoServerOptions>? configure = null) =>
        Environment.ExitCode = RunAsync(args, configure).GetAwaiter().GetResult();

    /// <summary>Serves one of several orchestrators, or one of another assembly, until SIGTERM or Ctrl-C.</summary>
    /// <typeparam name="TOrchestrator">The generated orchestrator.</typeparam>
    /// <param name="args">The command line; <c>--help</c> lists its options.</param>
    /// <param name="configure">Sets further options; the command line wins over what it sets.</param>
    /// <returns>The exit code, as of <see cref="Run(string[], Action{RyusoServerOptions}?)"/>.</returns>
    public static int Run<TOrchestrator>(string[] args, Action<RyusoServerOptions>? configure = null)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator> =>
        Environment.ExitCode = RunAsync<TOrchestrator>(args, configure).GetAwaiter().GetResult();

    /// <inheritdoc cref="Run{TOrchestrator}(string[], Action{RyusoServerOptions}?)"/>
    /// <param name="args">The command line; <c>--help</c> lists its options.</param>
    /// <param name="configure">Sets further options; the command line wins over what it sets.</param>
    /// <param name="cancellationToken">Stops the server as SIGTERM does.</param>
    public static Task<int> RunAsync<TOrchestrator>(
        string[] args,
        Action<RyusoServerOptions>? configure = null,
        CancellationToken cancellationToken = default)
        where TOrchestrator : Orchestrator, IOrchestratorFactory<TOrchestrator>
    {
        ArgumentNullException.ThrowIfNull(args);
        return ServerProcess.RunAsync(
            [OrchestratorRegistration.Of<TOrchestrator>(typeof(TOrchestrator).Name)], args, configure, cancellationToken);
    }

    /// <inheritdoc cref="Run(string[], Action{RyusoServerOptions}?)"/>
    /// <param name="args">The command line; <c>--help</c> lists its options.</param>
    /// <param name="configure">Sets further options; the command line wins over what it sets.</param>
    /// <param name="cancellationToken">Stops the server as SIGTERM does.</param>
    public static Task<int> RunAsync(
        string[] args,
        Action<RyusoServerOptions>? configure = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        return ServerProcess.RunAsync(ServerProcess.Registrations, args, configure, cancellationToken);
    }

    /// <summary>Recovers what the journal, if there is one, has unfinished, then begins to listen, on all addresses or on none.</summary>
    /// <param name="cancellationToken">Gives up looking for a host's address.</param>
    /// <exception cref="JournalException">The journal cannot be used.</exception>
    /// <exception cref="SocketException">An address cannot be listened on.</exception>
    /// <exception cref="IOException">
    /// The path of a <c>unix:</c> address holds something else than a socket that a server left behind.
    /// </exception>
    /// <exception cref="InvalidOperationException">The server was started before.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed || _stop is not null, this);
        if (_listeners is not null)
        {
            throw new InvalidOperationException("The server was started before.");
        }

        if (_options.Journal is not null)
        {
            await _context.Orchestrator.UseJournalAsync(_options.Journal, cancellationToken).ConfigureAwait(false);
        }

        var bound = new List<Listener>();
        try
        {
            foreach (ListenAddress address in _options.Addresses())
            {
                EndPoint endPoint = await address.FindAsync(cancellationToken).ConfigureAwait(false);
                bound.Add(Listener.Bind(endPoint, address.IsTls, _context));
            }
        }
        catch
        {
            bound.ForEach(listener => listener.Dispose());
            throw;
        }

        _listeners = [.. bound];
        _context.Start();
        bound.ForEach(listener => listener.Start());
        SpecDefinition spec = _context.Orchestrator.Definition;
        string programs = string.Join(", ", spec.Programs.Select(p => p.Name));
        ServerLog.Listening(_logger, _options.ListensOnSocket ? string.Join(", ", EndPoints) : "no socket", spec.Name, spec.Version ?? "(no version)", programs);
        foreach (IPEndPoint endPoint in EndPoints.OfType<IPEndPoint>())
        {
            _options.Started?.Invoke(endPoint);
        }
    }

    /// <summary>Uses another certificate for connections from now on.</summary>
    internal void ReplaceTls(SslServerAuthenticationOptions tls) => _context.Tls = tls;

    /// <summary>
    /// Stops accepting, answers every request that is complete, and waits for that and for the runs under way, in-process calls
    /// and an operator's retries included.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting: connections are cut, and only the run in flight goes on.</param>
    /// <exception cref="OperationCanceledException">The token fired before everything had ended.</exception>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await (_stop ??= StopServingAsync()).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _isGivenUp = true;
            _context.Deadlines.Abort();
            _context.LingeringCloser.CloseAll();
            throw;
        }
    }

    /// <summary>
    /// Stops as <see cref="StopAsync"/> does, and disposes of the journal. After a stop that was given up it waits for nothing more,
    /// and leaves the journal open for the run that is still under way.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_isGivenUp)
        {
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
            if (_options.Journal is not null)
            {
                await DisposeJournalAsync(_options.Journal).ConfigureAwait(false);
            }
        }

        _context.Dispose();
    }

    /// <summary>A call in process that came after the stop still ends before the journal does.</summary>
    private async Task DisposeJournalAsync(IJournal journal)
    {
        Lanes lanes = _context.Orchestrator.Lanes;
        LanePlace everything = Orchestrator.NewPlace();
        await lanes.EnterAsync(everything, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await journal.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            lanes.Leave(everything);
        }
    }

    private async Task StopServingAsync()
    {
        if (_listeners is null)
        {
            return;
        }

        ServerLog.Stopping(_logger);
        await Task.WhenAll(_listeners.Select(listener => listener.StopAsync())).ConfigureAwait(false);
        _context.Deadlines.Stop();
        _context.Limits.Leave(1);
        await _context.Limits.Idle.ConfigureAwait(false);

        // What else has a turn: calls in process, recoveries, and what an operator has decided.
        Lanes lanes = _context.Orchestrator.Lanes;
        LanePlace everything = Orchestrator.NewPlace();
        await lanes.EnterAsync(everything, CancellationToken.None).ConfigureAwait(false);
        lanes.Leave(everything);
        _context.Loops?.Dispose();
        ServerLog.Stopped(_logger);
        ObserverLogger.Flush(_logger, s_logWait);
        ObserverLogger.Flush(_context.Orchestrator.Logger, s_logWait);
    }
}
