using System.ComponentModel;
using System.Net.Security;
using Microsoft.Extensions.Logging;
using Ryuso.Json;
using Ryuso.Protocol;
using Ryuso.Server.Loops;
using Ryuso.Server.Transport;

namespace Ryuso.Server.Connections;

/// <summary>What all connections of a server share.</summary>
internal sealed class ServerContext : IDisposable
{
    private readonly Utf8NameTable _programs;
    private byte[]? _description;
    private volatile SslServerAuthenticationOptions? _tls;
    private ITimer? _longHolds;

    public ServerContext(Orchestrator orchestrator, ConnectionOptions options, SslServerAuthenticationOptions? tls, ILogger logger)
    {
        Orchestrator = orchestrator;
        Options = options;
        Logger = logger;
        _tls = tls;
        _programs = new Utf8NameTable(orchestrator.Definition.Programs.Select(p => p.Name));
        Latencies = new ProgramLatencyTracker(orchestrator.Definition.Programs.Length);
        Token = new TokenGuard(options.Token, options.TimeProvider, logger);
        Memory = new MemoryBudget(options.MaxBufferedBytes, options.MaxRequestBytes);
        Loops = options.UseEventLoop ? TryCreateLoops(logger) : null;
        Deadlines = new ConnectionDeadlines(options.TimeProvider, options.ReceiveTimeout);
        LingeringCloser = new LingeringCloser(options.TimeProvider, count => Limits!.Close(count));
        Limits = new ConnectionLimits(options.MaxConnections, LingeringCloser, logger);
        Pool = new ConnectionPool(this);
    }

    public Orchestrator Orchestrator { get; }

    public ConnectionOptions Options { get; }

    public ILogger Logger { get; }

    /// <summary>The certificate and what else TLS needs, for connections from now on.</summary>
    public SslServerAuthenticationOptions? Tls
    {
        get => _tls;
        set => _tls = value;
    }

    /// <summary>The server's own threads; null where the pool's do everything.</summary>
    public EventLoopGroup? Loops { get; }

    public ConnectionDeadlines Deadlines { get; }

    public LingeringCloser LingeringCloser { get; }

    public ConnectionLimits Limits { get; }

    public ConnectionPool Pool { get; }

    public ProgramLatencyTracker Latencies { get; }

    public TokenGuard Token { get; }

    public MemoryBudget Memory { get; }

    /// <summary>The answer to <c>describe</c>.</summary>
    public byte[] Description => _description ??= SpecDescription.Of(Orchestrator.Definition, Orchestrator.Journal?.Id);

    /// <summary>Whether a request that is a run and nothing else may be read and run in one go.</summary>
    public bool CanUseFastPath => !Token.IsRequired && Options.MaxDepth == JsonDepth.Max && Orchestrator.CanUseFastPath;

    public void Start()
    {
        Limits.FitToDescriptors();
        var watch = new LongHoldWatch(Orchestrator.Lanes, ServerTuning.LongHold, Logger);
        _longHolds = Options.TimeProvider.CreateTimer(
            static watch => ((LongHoldWatch)watch!).Look(), watch, ServerTuning.LongHoldCheckInterval, ServerTuning.LongHoldCheckInterval);
        Loops?.Start();
    }

    /// <summary>The program's index by its name in a request; -1 where the name is written with escapes or unknown.</summary>
    public int FindProgram(ReadOnlySpan<byte> request, int mark) =>
        RequestEnvelope.TryToken(request, mark, out ReadOnlySpan<byte> name) && name is [(byte)'"', ..] ? _programs.Find(name[1..^1]) : -1;

    public void Dispose()
    {
        _longHolds?.Dispose();
        Loops?.Dispose();
        Deadlines.Dispose();
        LingeringCloser.Dispose();
    }

    /// <summary>An improvement only: where the system refuses what event loops need, the thread pool does their work.</summary>
    private static EventLoopGroup? TryCreateLoops(ILogger logger)
    {
        try
        {
            return new EventLoopGroup(logger);
        }
        catch (Exception exception) when (exception is Win32Exception or EntryPointNotFoundException or DllNotFoundException)
        {
            ServerLog.NoEventLoops(logger, exception);
            return null;
        }
    }
}
