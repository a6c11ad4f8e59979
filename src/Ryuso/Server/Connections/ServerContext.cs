using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Ryuso.Json;
using Ryuso.Protocol;
using Ryuso.Server.Loops;
using Ryuso.Server.Transport;
using Ryuso.Telemetry;

namespace Ryuso.Server.Connections;

/// <summary>What all connections of a server share.</summary>
internal sealed class ServerContext : IDisposable
{
    private const int MaxPooledConnections = 64;
    private const byte MaxFastScore = 2;
    private const int ReservedDescriptors = 64;

    private readonly ConcurrentQueue<Connection> _pooled = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[]? _token;
    private readonly Utf8NameTable _programs;
    private readonly byte[] _fastScores;
    private byte[]? _description;

    private long _maxServed;
    private long _maxOpen;

    // Starts with one for the server itself, so that the last to leave is the last there will be.
    private int _open = 1;

    public ServerContext(Orchestrator orchestrator, RyusoServerOptions options, ILogger logger)
    {
        Orchestrator = orchestrator;
        Options = options;
        Logger = logger;
        _token = options.Token is null ? null : Encoding.UTF8.GetBytes(options.Token);
        _programs = new Utf8NameTable(orchestrator.Definition.Programs.Select(p => p.Name));
        _fastScores = new byte[orchestrator.Definition.Programs.Length];
        (_maxServed, _maxOpen) = (options.MaxConnections, 2L * options.MaxConnections);
        Loops = options.UseEventLoop ? new EventLoopGroup(logger) : null;
        Deadlines = new ConnectionDeadlines(options.TimeProvider, options.ReceiveTimeout);
        LingeringCloser = new LingeringCloser(options.TimeProvider, Close);
    }

    public Orchestrator Orchestrator { get; }

    public RyusoServerOptions Options { get; }

    public ILogger Logger { get; }

    /// <summary>The server's own threads; null where the pool's do everything.</summary>
    public EventLoopGroup? Loops { get; }

    public ConnectionDeadlines Deadlines { get; }

    public LingeringCloser LingeringCloser { get; }

    /// <summary>The answer to <c>describe</c>.</summary>
    public byte[] Description => _description ??= SpecDescription.Of(Orchestrator.Definition, Orchestrator.Journal?.Id);

    /// <summary>Ends once everything is closed.</summary>
    public Task Idle => _idle.Task;

    /// <summary>Whether a request that is a run and nothing else may be read and run in one go.</summary>
    public bool CanUseFastPath => _token is null && Options.MaxDepth == JsonDepth.Max && Orchestrator.CanUseFastPath;

    /// <summary>Whether there is one connection more than there may be.</summary>
    public bool IsOverLimit => OpenConnections - LingeringCloser.Count > _maxServed;

    /// <summary>Whether so many are open that not even a rejection can be afforded.</summary>
    public bool IsOverHardLimit => OpenConnections - LingeringCloser.Count > _maxOpen;

    /// <summary>How many connections are open, farewells included.</summary>
    public int OpenConnections => Volatile.Read(ref _open) - 1;

    /// <summary>Serves no more than there are descriptors for, some of which others need: .NET itself ends where it gets none.</summary>
    public void Start()
    {
        if (OperatingSystem.IsLinux() && LinuxNative.DescriptorsLeft() - ReservedDescriptors is var room && room < _maxOpen + LingeringCloser.MaxSockets)
        {
            room = Math.Max(room, 8);
            LingeringCloser.MaxSockets = (int)Math.Min(room / 4, LingeringCloser.MaxSockets);
            _maxOpen = Math.Min(room - LingeringCloser.MaxSockets, _maxOpen);
            _maxServed = Math.Min(Math.Max(_maxOpen * 3 / 4, 1), _maxServed);
            if (_maxServed < Options.MaxConnections)
            {
                ServerLog.FewDescriptors(Logger, _maxServed, Options.MaxConnections);
            }
        }

        Loops?.Start();
    }

    public void Open()
    {
        Interlocked.Increment(ref _open);
        Instruments.AddConnections(1);
    }

    public void Close(int count)
    {
        Instruments.AddConnections(-count);
        Leave(count);
    }

    /// <summary>The server itself leaves as a connection does, but was never counted as one.</summary>
    public void Leave(int count)
    {
        if (Interlocked.Add(ref _open, -count) == 0)
        {
            ServerLog.Stopped(Logger);
            _idle.TrySetResult();
        }
    }

    /// <summary>Compares in a time that tells nothing of the token.</summary>
    public bool IsAuthorized(ReadOnlySpan<byte> token)
    {
        if (_token is null)
        {
            return true;
        }

        Span<byte> probe = stackalloc byte[Math.Min(_token.Length, 256)];
        probe.Clear();
        bool fits = token.Length == _token.Length;
        token[..Math.Min(token.Length, probe.Length)].CopyTo(probe);
        return CryptographicOperations.FixedTimeEquals(probe, _token) & fits;
    }

    /// <summary>The program's index by its name as it stands in a request; -1 where that is not plain.</summary>
    public int FindProgram(ReadOnlySpan<byte> request, int mark) =>
        RequestEnvelope.TryToken(request, mark, out ReadOnlySpan<byte> name) && name is [(byte)'"', ..] ? _programs.Find(name[1..^1]) : -1;

    /// <summary>Whether the program's runs take so little time that answers before one can wait for its own.</summary>
    public bool IsFast(int program) => program >= 0 && _fastScores[program] > 0;

    /// <summary>A single run that took long may have been interrupted; two in a row have not.</summary>
    public void RecordDuration(int program, bool isSwift)
    {
        if (program >= 0 && (!isSwift || _fastScores[program] < MaxFastScore))
        {
            _fastScores[program] = isSwift ? MaxFastScore : (byte)(_fastScores[program] >> 1);
        }
    }

    public Connection Rent() => _pooled.TryDequeue(out Connection? connection) ? connection : new Connection(this);

    public void Return(Connection connection)
    {
        if (_pooled.Count < MaxPooledConnections)
        {
            _pooled.Enqueue(connection);
        }
    }

    public void Dispose()
    {
        Loops?.Dispose();
        Deadlines.Dispose();
        LingeringCloser.Dispose();
    }
}
