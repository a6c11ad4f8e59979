using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>Serves the programs of one orchestrator over TCP: a request and its answer are one JSON object each.</summary>
public sealed class RyusoServer : IAsyncDisposable
{
    private static readonly Lock RegistryGate = new();
    private static readonly List<(string Name, Func<IServiceProvider?, ILogger?, Orchestrator> Factory)> Registry = [];
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(50);

    private readonly RyusoServerOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? _listener;
    private IPEndPoint? _endPoint;
    private int _queued;
    private bool _disposed;

    // The accept loop counts as one, so that the last to leave is the last there will be.
    private int _open = 1;

    /// <summary>Makes a server that does not listen yet.</summary>
    /// <param name="orchestrator">Runs the programs.</param>
    /// <param name="options">How to listen and what to limit; null for the defaults.</param>
    public RyusoServer(Orchestrator orchestrator, RyusoServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(orchestrator);
        Orchestrator = orchestrator;
        _options = options ?? new RyusoServerOptions();
        _options.Check();
#pragma warning disable CA2000 // Holds no resource.
        _logger = (_options.LoggerFactory ?? new StandardErrorLogger(_options.TimeProvider)).CreateLogger("Ryuso.Server");
#pragma warning restore CA2000
    }

    /// <summary>Where the server listens, with the port that it got.</summary>
    /// <exception cref="InvalidOperationException">The server has not been started.</exception>
    public IPEndPoint EndPoint => _endPoint ?? throw new InvalidOperationException("The server has not been started.");

    internal Orchestrator Orchestrator { get; }

    /// <summary>No request that is incomplete now will be read further.</summary>
    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Nobody waits any more: connections are cut.</summary>
    internal CancellationToken Aborting => _aborting.Token;

    /// <summary>Makes an orchestrator known to <see cref="Run"/>. Called by generated code.</summary>
    /// <param name="name">The spec's name.</param>
    /// <param name="factory">Makes the orchestrator from the services and the logger of the options.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static void Register(string name, Func<IServiceProvider?, ILogger?, Orchestrator> factory)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(factory);
        lock (RegistryGate)
        {
            Registry.Add((name, factory));
        }
    }

    /// <summary>Serves the one orchestrator of this program until SIGTERM or Ctrl-C.</summary>
    /// <param name="args">The command line: <c>--host</c>, <c>--port</c>, <c>--queue</c>, <c>--help</c>, <c>--version</c>.</param>
    /// <param name="configure">Sets further options; the command line wins over what it sets.</param>
    /// <returns>The exit code, which is also set as the process's: 0 after a graceful stop, 1 when the server could not start, 2 for a wrong command line.</returns>
    public static int Run(string[] args, Action<RyusoServerOptions>? configure = null) =>
        Environment.ExitCode = RunAsync(args, configure).GetAwaiter().GetResult();

    /// <inheritdoc cref="Run"/>
    /// <param name="args">The command line: <c>--host</c>, <c>--port</c>, <c>--queue</c>, <c>--help</c>, <c>--version</c>.</param>
    /// <param name="configure">Sets further options; the command line wins over what it sets.</param>
    /// <param name="cancellationToken">Stops the server as SIGTERM does.</param>
    public static async Task<int> RunAsync(
        string[] args,
        Action<RyusoServerOptions>? configure = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        CommandLine line = CommandLine.Parse(args, Environment.GetEnvironmentVariable);
        if (line.Error is not null)
        {
            return await FailAsync(2, $"{line.Error}{Environment.NewLine}{CommandLine.Help}").ConfigureAwait(false);
        }

        (string Name, Func<IServiceProvider?, ILogger?, Orchestrator> Factory)[] registered;
        lock (RegistryGate)
        {
            registered = [.. Registry];
        }

        if (line.WantsHelp || line.WantsVersion)
        {
            string version = $"{string.Join(", ", registered.Select(r => r.Name))} on Ryuso {typeof(RyusoServer).Assembly.GetName().Version?.ToString(3)}";
            await Console.Out.WriteLineAsync(line.WantsHelp ? CommandLine.Help : version.TrimStart()).ConfigureAwait(false);
            return 0;
        }

        if (registered.Length != 1)
        {
            return await FailAsync(1, registered.Length == 0
                ? "There is no orchestrator to serve. Add a ryu_spec.json to the project; the build makes the orchestrator from it."
                : $"There are several orchestrators ({string.Join(", ", registered.Select(r => r.Name))}) and Run serves the only one. Make a RyusoServer of the one you mean.").ConfigureAwait(false);
        }

        return await ServeAsync(registered[0].Factory, line, configure, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Recovers what the journal, if there is one, has unfinished, then begins to listen.</summary>
    /// <param name="cancellationToken">Gives up looking for the host's address.</param>
    /// <exception cref="JournalException">The journal cannot be used.</exception>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    /// <exception cref="InvalidOperationException">The server was started before.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
        if (_listener is not null)
        {
            throw new InvalidOperationException("The server was started before.");
        }

        IPAddress address = await FindAddressAsync(_options.Host, cancellationToken).ConfigureAwait(false);
        if (_options.Journal is not null)
        {
            await Orchestrator.UseJournalAsync(_options.Journal, cancellationToken).ConfigureAwait(false);
        }

        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // No ReuseAddress: .NET lets a closed port be bound again without it, and with it (SO_REUSEPORT)
            // two servers would silently share a port.
            listener.Bind(new IPEndPoint(address, _options.Port));
            listener.Listen(512);
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        _listener = listener;
        _endPoint = (IPEndPoint)listener.LocalEndPoint!;
        SpecDefinition spec = Orchestrator.Definition;
        ServerLog.Listening(_logger, _endPoint, spec.Name, spec.Version, string.Join(", ", spec.Programs.Select(p => p.Name)));
        _ = Task.Run(() => AcceptAsync(listener), CancellationToken.None);
        _options.Started?.Invoke(_endPoint);
    }

    /// <summary>Stops accepting, answers every request that is complete, and waits for that.</summary>
    /// <param name="cancellationToken">Gives up waiting: connections are cut, and only the run in flight goes on.</param>
    /// <exception cref="OperationCanceledException">The token fired before everything was answered.</exception>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_listener is null)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            return;
        }

        if (!_stopping.IsCancellationRequested)
        {
            ServerLog.Stopping(_logger);
            await _stopping.CancelAsync().ConfigureAwait(false);
        }

        try
        {
            await _idle.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await _aborting.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops as <see cref="StopAsync"/> does, and closes the journal.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        if (_options.Journal is not null)
        {
            await _options.Journal.DisposeAsync().ConfigureAwait(false);
        }

        _stopping.Dispose();
        _aborting.Dispose();
    }

    /// <summary>Takes a place among the run in flight and those that wait for it.</summary>
    internal bool TryQueue()
    {
        // The count makes the bound exact; the lane's own also knows of callers without a socket.
        if (Interlocked.Increment(ref _queued) <= _options.QueueLength + 1 && Orchestrator.Waiting < _options.QueueLength)
        {
            return true;
        }

        Unqueue();
        return false;
    }

    internal void Unqueue() => Interlocked.Decrement(ref _queued);

    private static async Task<int> ServeAsync(
        Func<IServiceProvider?, ILogger?, Orchestrator> factory,
        CommandLine line,
        Action<RyusoServerOptions>? configure,
        CancellationToken cancellationToken)
    {
        var options = new RyusoServerOptions();
        line.ApplyTo(options);
        configure?.Invoke(options);
        line.ApplyTo(options);
        options.LoggerFactory ??= new StandardErrorLogger(options.TimeProvider);
        RyusoServer server;
        try
        {
            server = new RyusoServer(factory(options.Services, options.LoggerFactory.CreateLogger("Ryuso")), options);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            return await FailAsync(1, exception.Message).ConfigureAwait(false);
        }

        await using (server.ConfigureAwait(false))
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
            catch (SocketException exception)
            {
                return await FailAsync(1, $"Cannot listen on {options.Host}:{options.Port}: {exception.Message}.").ConfigureAwait(false);
            }

            catch (JournalException exception)
            {
                return await FailAsync(1, exception.Message).ConfigureAwait(false);
            }

            await stop.Task.ConfigureAwait(false);
            await server.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return 0;
    }

    private static async Task<int> FailAsync(int exitCode, string message)
    {
        await Console.Error.WriteLineAsync(message).ConfigureAwait(false);
        return exitCode;
    }

    private static async Task<IPAddress> FindAddressAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            return address;
        }

        IPAddress[] found = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        return found.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault()
            ?? throw new SocketException((int)SocketError.HostNotFound);
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!Stopping.IsCancellationRequested)
        {
            try
            {
                Begin(await listener.AcceptAsync(Stopping).ConfigureAwait(false));
            }
            catch (OperationCanceledException)
            {
                break;
            }
#pragma warning disable CA1031 // Whatever one client or a lack of descriptors does, the next client is accepted.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                ServerLog.AcceptFailed(_logger, exception);
                await Task.Delay(AcceptPause, _options.TimeProvider, CancellationToken.None).ConfigureAwait(false);
            }
        }

        listener.Dispose();
        Close();
    }

    private void Begin(Socket socket)
    {
        // The accept loop is one of them. Those turned away are told so, up to as many again.
        int others = Interlocked.Increment(ref _open) - 2;
        if (others >= 2L * _options.MaxConnections)
        {
            socket.Dispose();
            Close();
            return;
        }

        var connection = new Connection(this, socket, _options, _logger);

        // Not on this thread: a hook that blocks must not keep others from being accepted.
        _ = Task.Run(async () =>
        {
            await connection.ServeAsync(turnAway: others >= _options.MaxConnections).ConfigureAwait(false);
            Close();
        });
    }

    private void Close()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            ServerLog.Stopped(_logger);
            _idle.TrySetResult();
        }
    }
}
