using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Ryuso;

/// <summary>What all connections of a server share.</summary>
internal sealed class Serving : IDisposable
{
    private const int MostSpare = 64;
    private const byte SwiftEnough = 2;
    private const int SpareDescriptors = 64;

    private readonly ConcurrentQueue<Connection> _spare = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[]? _token;
    private readonly NameTable _programs;
    private readonly byte[] _swift;
    private byte[]? _description;

    private long _mostServed;
    private long _mostOpen;

    // Starts with one for the server itself, so that the last to leave is the last there will be.
    private int _open = 1;

    public Serving(Orchestrator orchestrator, RyusoServerOptions options, ILogger logger)
    {
        Orchestrator = orchestrator;
        Options = options;
        Logger = logger;
        _token = options.Token is null ? null : Encoding.UTF8.GetBytes(options.Token);
        _programs = new NameTable(orchestrator.Definition.Programs.Select(p => p.Name));
        _swift = new byte[orchestrator.Definition.Programs.Length];
        (_mostServed, _mostOpen) = (options.MaxConnections, 2L * options.MaxConnections);
        Loops = options.UsesEventLoop ? new EventLoops(logger) : null;
        Links = new Links(options.TimeProvider, options.ReceiveTimeout);
        Farewells = new Farewells(options.TimeProvider, Close);
    }

    public Orchestrator Orchestrator { get; }

    public RyusoServerOptions Options { get; }

    public ILogger Logger { get; }

    /// <summary>The server's own threads; null where the pool's do everything.</summary>
    public EventLoops? Loops { get; }

    public Links Links { get; }

    public Farewells Farewells { get; }

    /// <summary>The answer to <c>describe</c>.</summary>
    public byte[] Description => _description ??= SpecDescription.Of(Orchestrator.Definition, Orchestrator.Journal);

    /// <summary>Ends once everything is closed.</summary>
    public Task Idle => _idle.Task;

    /// <summary>Whether a request that is a run and nothing else may be read and run in one go.</summary>
    public bool TakesPlain => _token is null && Options.MaxDepth == RequestReader.MaxDepth && Orchestrator.RunsPlainly;

    /// <summary>Whether there is one connection more than there may be.</summary>
    public bool IsCrowded => OpenConnections - Farewells.Count > _mostServed;

    /// <summary>Whether so many are open that not even a rejection can be afforded.</summary>
    public bool IsFlooded => OpenConnections - Farewells.Count > _mostOpen;

    /// <summary>How many connections are open, farewells included.</summary>
    public int OpenConnections => Volatile.Read(ref _open) - 1;

    /// <summary>Serves no more than there are descriptors for, some of which others need: .NET itself ends where it gets none.</summary>
    public void Start()
    {
        if (OperatingSystem.IsLinux() && LinuxCalls.DescriptorsLeft() - SpareDescriptors is var room && room < _mostOpen + Farewells.Most)
        {
            room = Math.Max(room, 8);
            Farewells.Most = (int)Math.Min(room / 4, Farewells.Most);
            _mostOpen = Math.Min(room - Farewells.Most, _mostOpen);
            _mostServed = Math.Min(Math.Max(_mostOpen * 3 / 4, 1), _mostServed);
            if (_mostServed < Options.MaxConnections)
            {
                ServerLog.FewDescriptors(Logger, _mostServed, Options.MaxConnections);
            }
        }

        Loops?.Start();
    }

    public void Open()
    {
        Interlocked.Increment(ref _open);
        Instruments.Connections.Add(1);
    }

    public void Close(int count)
    {
        Instruments.Connections.Add(-count);
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
    public bool Admits(ReadOnlySpan<byte> token)
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
        RequestHead.TryToken(request, mark, out ReadOnlySpan<byte> name) && name is [(byte)'"', ..] ? _programs.Find(name[1..^1]) : -1;

    /// <summary>Whether the program's runs take so little time that answers before one can wait for its own.</summary>
    public bool IsSwift(int program) => program >= 0 && _swift[program] > 0;

    /// <summary>A single run that took long may have been interrupted; two in a row have not.</summary>
    public void Took(int program, bool isSwift)
    {
        if (program >= 0 && (!isSwift || _swift[program] < SwiftEnough))
        {
            _swift[program] = isSwift ? SwiftEnough : (byte)(_swift[program] >> 1);
        }
    }

    public Connection Rent() => _spare.TryDequeue(out Connection? connection) ? connection : new Connection(this);

    public void Return(Connection connection)
    {
        if (_spare.Count < MostSpare)
        {
            _spare.Enqueue(connection);
        }
    }

    public void Dispose()
    {
        Loops?.Dispose();
        Links.Dispose();
        Farewells.Dispose();
    }
}
