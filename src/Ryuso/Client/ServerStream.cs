using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Ryuso.Protocol;

namespace Ryuso.Client;

/// <summary>Opens the stream to a server: a socket, with TLS where the address or the options ask for it.</summary>
internal static class ServerStream
{
    /// <exception cref="SocketException">No server listens there.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">One of the two does not trust the other.</exception>
    public static async Task<Stream> OpenAsync(
        ListenAddress address,
        SslClientAuthenticationOptions? options,
        CancellationToken cancellationToken)
    {
        Socket socket = address.Path is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        Stream? stream = null;
        try
        {
            if (address.Path is null)
            {
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, ClientTuning.KeepAliveSeconds);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ClientTuning.KeepAliveIntervalSeconds);
                socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, ClientTuning.KeepAliveProbes);
            }

            await socket.ConnectAsync(EndPoint(address), cancellationToken).ConfigureAwait(false);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (!address.IsTls && options is null)
            {
                return stream;
            }

            var tls = new SslStream(stream);
            stream = tls;
            await tls.AuthenticateAsClientAsync(
                TlsOptions(address, options ?? new SslClientAuthenticationOptions()), cancellationToken).ConfigureAwait(false);
            return tls;
        }
        catch
        {
            stream?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    private static EndPoint EndPoint(ListenAddress address) => address.Path is not null ? new UnixDomainSocketEndPoint(address.Path)
        : IPAddress.TryParse(address.Host, out IPAddress? ip) ? new IPEndPoint(ip, address.Port)
        : new DnsEndPoint(address.Host, address.Port);

    /// <summary>The options are the user's, and may be used for several servers: whose name is checked is ours to add.</summary>
    private static SslClientAuthenticationOptions TlsOptions(ListenAddress address, SslClientAuthenticationOptions given) => new()
    {
        TargetHost = !string.IsNullOrEmpty(given.TargetHost) ? given.TargetHost : address.Path is null ? address.Host : "localhost",
        AllowRenegotiation = given.AllowRenegotiation,
        AllowTlsResume = given.AllowTlsResume,
        ApplicationProtocols = given.ApplicationProtocols,
        CertificateChainPolicy = given.CertificateChainPolicy,
        CertificateRevocationCheckMode = given.CertificateRevocationCheckMode,
        CipherSuitesPolicy = given.CipherSuitesPolicy,
        ClientCertificateContext = given.ClientCertificateContext,
        ClientCertificates = given.ClientCertificates,
        EnabledSslProtocols = given.EnabledSslProtocols,
        LocalCertificateSelectionCallback = given.LocalCertificateSelectionCallback,
        RemoteCertificateValidationCallback = given.RemoteCertificateValidationCallback,
    };
}
