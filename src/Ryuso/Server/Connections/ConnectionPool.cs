using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ryuso.Server.Connections;

/// <summary>Connection objects that serve one client after another.</summary>
[DebuggerDisplay("{_pooled.Count} connections")]
internal sealed class ConnectionPool(ServerContext context)
{
    private readonly ConcurrentQueue<Connection> _pooled = new();

    public Connection Rent() => _pooled.TryDequeue(out Connection? connection) ? connection : new Connection(context);

    public void Return(Connection connection)
    {
        if (_pooled.Count < ServerTuning.MaxPooledConnections)
        {
            _pooled.Enqueue(connection);
        }
    }
}
