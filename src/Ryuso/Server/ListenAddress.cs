using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ryuso;

/// <summary>Where to listen: <c>HOST:PORT</c> or <c>unix:PATH</c>, with <c>tls:</c> before it where the certificate is to be used.</summary>
internal sealed record ListenAddress(string Text, bool IsTls, string Host, int Port, string? Path)
{
    /// <exception cref="FormatException">It is no address.</exception>
    public static ListenAddress Parse(string text)
    {
        bool isTls = text.StartsWith("tls:", StringComparison.Ordinal);
        string rest = isTls ? text[4..] : text;
        if (rest.StartsWith("unix:", StringComparison.Ordinal) && rest.Length > 5)
        {
            return new ListenAddress(text, isTls, "", 0, rest[5..]);
        }

        int colon = rest.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > 65535
            || (rest.AsSpan(0, colon).Contains(':') && rest[0] != '['))
        {
            throw new FormatException($"'{text}' is no address to listen on; write 127.0.0.1:60856, [::1]:60856 or unix:/run/ryuso.sock, and tls: before it for TLS.");
        }

        return new ListenAddress(text, isTls, rest[..colon].Trim('[', ']'), port, null);
    }

    /// <exception cref="SocketException">The host has no address.</exception>
    public async Task<EndPoint> FindAsync(CancellationToken cancellationToken)
    {
        if (Path is not null)
        {
            return new UnixDomainSocketEndPoint(Path);
        }

        if (IPAddress.TryParse(Host, out IPAddress? address))
        {
            return new IPEndPoint(address, Port);
        }

        IPAddress[] found = await Dns.GetHostAddressesAsync(Host, cancellationToken).ConfigureAwait(false);
        return new IPEndPoint(
            found.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault() ?? throw new SocketException((int)SocketError.HostNotFound),
            Port);
    }
}
