using System.Diagnostics;

namespace Ryuso.Server.Connections;

/// <summary>
/// How many bytes all connections together may hold: one half for requests that are not complete, one for answers that are not sent, so
/// that neither can use up the other's. Connections whose client has not shown the token share half of the requests' half.
/// </summary>
/// <remarks>
/// A request that needs more than is left is rejected. An answer is never dropped: it is charged even where that is too much, and
/// no further run begins until it has been sent. Small buffers, which every connection has, are not counted.
/// </remarks>
[DebuggerDisplay("{_requests} bytes of requests ({_unauthorized} unauthorized), {_answers} bytes of answers, each at most {MaxHalf}")]
internal sealed class MemoryBudget(long maxBytes, int maxRequestBytes)
{
    private long _requests;
    private long _unauthorized;
    private long _answers;

    /// <summary>Whether there are so many unsent answers that no further run should begin.</summary>
    public bool IsFullOfAnswers => Volatile.Read(ref _answers) >= MaxHalf;

    public long Used => Volatile.Read(ref _requests) + Volatile.Read(ref _answers);

    // One request always fits.
    private long MaxHalf => Math.Max(maxBytes / 2, maxRequestBytes);

    private long MaxUnauthorized => Math.Max(maxBytes / 4, maxRequestBytes);

    /// <summary>Takes bytes for a request, where there are so many left.</summary>
    public bool TryReserve(long bytes, bool isAuthorized)
    {
        if (!isAuthorized && !TryAdd(ref _unauthorized, bytes, MaxUnauthorized))
        {
            return false;
        }

        if (TryAdd(ref _requests, bytes, MaxHalf))
        {
            return true;
        }

        Interlocked.Add(ref _unauthorized, isAuthorized ? 0 : -bytes);
        return false;
    }

    /// <summary>The connection has shown the token: what it holds no longer counts as a stranger's.</summary>
    public void Authorize(long bytes) => Interlocked.Add(ref _unauthorized, -bytes);

    public void Release(long bytes, bool isAuthorized)
    {
        long left = Interlocked.Add(ref _requests, -bytes);
        Debug.Assert(left >= 0, "More bytes of requests were given back than taken.");
        Interlocked.Add(ref _unauthorized, isAuthorized ? 0 : -bytes);
    }

    public void ChargeAnswer(long bytes) => Interlocked.Add(ref _answers, bytes);

    public void ReleaseAnswer(long bytes)
    {
        long left = Interlocked.Add(ref _answers, -bytes);
        Debug.Assert(left >= 0, "More bytes of answers were given back than taken.");
    }

    private static bool TryAdd(ref long total, long bytes, long limit)
    {
        if (Interlocked.Add(ref total, bytes) <= limit)
        {
            return true;
        }

        Interlocked.Add(ref total, -bytes);
        return false;
    }
}
