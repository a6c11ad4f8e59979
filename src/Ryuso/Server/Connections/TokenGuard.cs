using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Ryuso.Server.Connections;

/// <summary>
/// Compares tokens, and slows down those who guess: beyond so many wrong ones a second their answers are held back, which costs
/// nobody who has the token. Logs how many there were, at a bounded rate.
/// </summary>
internal sealed class TokenGuard
{
    private readonly byte[]? _token;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private long _secondBegan;
    private int _inThisSecond;
    private long _loggedAt;
    private long _unlogged;

    public TokenGuard(string? token, TimeProvider time, ILogger logger)
    {
        _token = token is null ? null : Encoding.UTF8.GetBytes(token);
        _time = time;
        _logger = logger;
    }

    /// <summary>Whether requests need a token.</summary>
    public bool IsRequired => _token is not null;

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

    /// <summary>Counts a wrong token.</summary>
    /// <returns>Whether its answer is to be held back.</returns>
    public bool RecordFailure()
    {
        long report = 0;
        bool isTooMany;
        lock (_gate)
        {
            long now = _time.GetTimestamp();
            if (_inThisSecond == 0 || _time.GetElapsedTime(_secondBegan, now) >= TimeSpan.FromSeconds(1))
            {
                (_secondBegan, _inThisSecond) = (now, 0);
            }

            isTooMany = ++_inThisSecond > ServerTuning.MaxUnauthorizedPerSecond;
            _unlogged++;
            if (_loggedAt == 0 || _time.GetElapsedTime(_loggedAt, now) >= ServerTuning.UnauthorizedLogInterval)
            {
                (report, _unlogged, _loggedAt) = (_unlogged, 0, now);
            }
        }

        if (report > 0)
        {
            ServerLog.Unauthorized(_logger, report);
        }

        return isTooMany;
    }
}
