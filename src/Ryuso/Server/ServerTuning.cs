using System.Diagnostics;

namespace Ryuso.Server;

/// <summary>
/// The figures by which the server is tuned, each with what chose it. Nothing depends on them but speed and fairness.
/// Measured with the benchmarks <c>serving</c> and <c>RunBenchmarks</c> on two cores.
/// </summary>
internal static class ServerTuning
{
    /// <summary>
    /// How long a loop polls before it parks. A client that is answered at once mostly asks again within this time, and a park with its
    /// wake-up takes longer (some 50 µs where the core falls asleep).
    /// </summary>
    public static readonly long BusyPollTicks = TicksOf(TimeSpan.FromMicroseconds(20));

    /// <summary>
    /// A program whose runs take no longer goes on on the event loop: ten changes of threads, and what one slow run may add to the wait
    /// of the others.
    /// </summary>
    public static readonly long FastRunTicks = TicksOf(TimeSpan.FromMicroseconds(100));

    /// <summary>
    /// A turn of the lane that was shorter lets the turns after it go first: to send an answer (some 10 µs) takes longer than such a
    /// turn.
    /// </summary>
    public static readonly long ShortTurnTicks = TicksOf(TimeSpan.FromMicroseconds(10));

    /// <summary>
    /// How long one connection may hold the lane for its pipelined requests: some hundred runs of quick hooks, and little beside a
    /// network.
    /// </summary>
    public static readonly long LaneHoldTicks = TicksOf(TimeSpan.FromMicroseconds(500));

    /// <summary>
    /// How long a request has to have waited for the lane before the server looks whether its client has gone: the look is a system call.
    /// </summary>
    public static readonly long PeerCheckTicks = TicksOf(TimeSpan.FromMilliseconds(20));

    /// <summary>
    /// How often the spare thread looks whether a leader is held by a hook. A client waits up to twice as long for a loop that is.
    /// </summary>
    public static readonly TimeSpan StallCheckInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>How long a loop pauses after an error of epoll that it does not know, so that it cannot spin.</summary>
    public static readonly TimeSpan EpollErrorPause = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a stopping server looks for connections whose handshake was under way, and how often.</summary>
    public static readonly TimeSpan AcceptDrainInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>How long no connection is accepted after accepting one has failed, nearly always for want of descriptors.</summary>
    public static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the server reads on after its last answer: a round trip around the world, twice.</summary>
    public static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How often lingering sockets are looked at where no newcomer causes it.</summary>
    public static readonly TimeSpan LingerCheckInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a kept connection may be silent during a stop before it is closed.</summary>
    public static readonly TimeSpan IdleGrace = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Event loops at most. With one lane a tenth of a request's time is its run, and runs go one by one: more loops only wait for one
    /// another.
    /// </summary>
    public const int MaxLoops = 4;

    /// <summary>
    /// Of so many lane turns and answers in a row the loop goes back to its sockets: without a bound they waited 580 ms at 40 clients.
    /// </summary>
    public const int MaxUrgentInARow = 8;

    /// <summary>Events taken from epoll with one call: 128 clients that ask at once.</summary>
    public const int MaxEventsPerPoll = 128;

    /// <summary>Times in a row that a connection is read before the others of its loop are.</summary>
    public const int MaxRoundsBeforeYield = 4;

    /// <summary>Pipelined requests that are run on one turn of the lane and answered with one send.</summary>
    public const int MaxBatchedRequests = 64;

    /// <summary>
    /// Runs of one connection that are under way or wait, where the spec has keys. With fewer, 64 callers of a client with one connection would
    /// wait for one another.
    /// </summary>
    public const int MaxRunsPerConnection = 128;

    /// <summary>Keys in an answer to <c>lanes</c>, those with the longest queues: more than anybody reads.</summary>
    public const int MaxKeysShown = 100;

    /// <summary>How long a run may hold its turn before that is a warning, and then at each doubling.</summary>
    public static readonly TimeSpan LongHold = TimeSpan.FromSeconds(30);

    /// <summary>How often the server looks for runs that hold their turn for long.</summary>
    public static readonly TimeSpan LongHoldCheckInterval = TimeSpan.FromSeconds(10);

    /// <summary>Objects for such runs that a connection keeps, with some KiB of buffer each.</summary>
    public const int MaxPooledRuns = 16;

    /// <summary>Bytes of answers that are kept for one send.</summary>
    public const int MaxUnsentBytes = 64 * 1024;

    /// <summary>
    /// Requests in one batch from which on a connection counts as pipelining: two such clients on two loops would only wait for the lane.
    /// </summary>
    public const int PipelineDepthThreshold = 8;

    /// <summary>Bytes of a request from which on it is read on the thread pool: to look through it takes some 20 µs.</summary>
    public const int LargeRequestBytes = 64 * 1024;

    /// <summary>Connections that the kernel holds until they are accepted.</summary>
    public const int AcceptBacklog = 4096;

    /// <summary>Connection objects that are kept for the next clients, with some 5 KiB of buffers each.</summary>
    public const int MaxPooledConnections = 64;

    /// <summary>Descriptors that are left to the rest of the process: the journal, assemblies, what hooks open.</summary>
    public const int ReservedDescriptors = 64;

    /// <summary>
    /// Descriptors without which a server is not started: .NET's own threads and assemblies took 40 before they aborted for want of more.
    /// </summary>
    public const int MinDescriptors = 48;

    /// <summary>Lingering sockets at most; further ones are closed at once.</summary>
    public const int MaxLingeringSockets = 4096;

    /// <summary>A wrong token ends its connection after so many requests.</summary>
    public const int MaxUnauthorizedRequests = 3;

    /// <summary>Wrong tokens a second that are answered at once, over all connections; the answers to further ones are held back.</summary>
    public const int MaxUnauthorizedPerSecond = 20;

    /// <summary>How long the answer to such a further one is held back.</summary>
    public static readonly TimeSpan UnauthorizedDelay = TimeSpan.FromSeconds(1);

    /// <summary>How often wrong tokens are logged at most.</summary>
    public static readonly TimeSpan UnauthorizedLogInterval = TimeSpan.FromSeconds(10);

    private static long TicksOf(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
