using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Ryuso.Hosting;

/// <summary>Asks the server for a <c>ping</c> over its own socket, as a client would.</summary>
internal sealed class RyusoHealthCheck<TOrchestrator>(RyusoHostedService<TOrchestrator> service, RyusoHostOptions options) : IHealthCheck
    where TOrchestrator : Orchestrator
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (service.Server is not { } server)
        {
            return HealthCheckResult.Unhealthy("The server has not been started.");
        }

        try
        {
            return await PingAsync(server.EndPoints[0], cancellationToken).ConfigureAwait(false) == """{"_pong":true}"""
                ? HealthCheckResult.Healthy("The server answers.")
                : new HealthCheckResult(context.Registration.FailureStatus, "The server does not answer a ping with a pong.");
        }
        catch (Exception exception) when (exception is SocketException or IOException or InvalidOperationException
            or ObjectDisposedException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "The server does not answer.", exception);
        }
    }

    private async Task<string> PingAsync(EndPoint address, CancellationToken cancellationToken)
    {
        ProtocolType protocol = address is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp;
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, protocol);
        await socket.ConnectAsync(Reachable(address), cancellationToken).ConfigureAwait(false);
        string auth = options.Server.Token is { } token ? $",\"auth\":\"{System.Text.Json.JsonEncodedText.Encode(token)}\"" : "";
        await socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"op":"ping"{{auth}}}"""), cancellationToken).ConfigureAwait(false);
        byte[] buffer = new byte[1024];
        int length = 0;
        for (int read; length < buffer.Length
            && (read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false)) > 0;)
        {
            length += read;
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    /// <summary>A server that listens on every address is asked on the loopback address.</summary>
    private static EndPoint Reachable(EndPoint address) => address switch
    {
        IPEndPoint { Address: var any } ip when any.Equals(IPAddress.Any) => new IPEndPoint(IPAddress.Loopback, ip.Port),
        IPEndPoint { Address: var any } ip when any.Equals(IPAddress.IPv6Any) => new IPEndPoint(IPAddress.IPv6Loopback, ip.Port),
        _ => address,
    };
}
