using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ryuso.Server.Loops;
using Ryuso.Server.Transport;
using Ryuso.Telemetry;

namespace Ryuso.Server.Connections;

/// <summary>
/// Counts the connections that are open, lingering ones included, and says when there are too many to serve or even to reject.
/// </summary>
[DebuggerDisplay("{OpenConnections} open, {_maxServed} served, {_maxOpen} at most")]
internal sealed class ConnectionLimits(int maxConnections, LingeringCloser lingering, ILogger logger)
{
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _maxServed = maxConnections;
    private long _maxOpen = 2L * maxConnections;

    // Starts with one for the server itself, so that the last to leave is the last there will be.
    private int _open = 1;

    /// <summary>Ends once everything is closed.</summary>
    public Task Idle => _idle.Task;

    /// <summary>How many connections are open, lingering ones included.</summary>
    public int OpenConnections => Volatile.Read(ref _open) - 1;

    /// <summary>Whether there is one connection more than are served.</summary>
    public bool IsOverLimit => OpenConnections - lingering.Count > _maxServed;

    /// <summary>Whether so many are open that not even a rejection can be afforded.</summary>
    public bool IsOverHardLimit => OpenConnections - lingering.Count > _maxOpen;

    /// <summary>Serves no more than there are descriptors for, some of which others need: .NET itself ends where it gets none.</summary>
    public void FitToDescriptors()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        long room = LinuxNative.DescriptorsLeft() - ServerTuning.ReservedDescriptors;
        if (room >= _maxOpen + lingering.MaxSockets)
        {
            return;
        }

        room = Math.Max(room, 8);
        lingering.MaxSockets = (int)Math.Min(room / 4, lingering.MaxSockets);
        _maxOpen = Math.Min(room - lingering.MaxSockets, _maxOpen);
        _maxServed = Math.Min(Math.Max(_maxOpen * 3 / 4, 1), _maxServed);
        if (_maxServed < maxConnections)
        {
            ServerLog.FewDescriptors(logger, _maxServed, maxConnections);
        }
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
        int left = Interlocked.Add(ref _open, -count);
        Debug.Assert(left >= 0, "More connections were closed than opened.");
        if (left == 0)
        {
            _idle.TrySetResult();
        }
    }
}
