using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ryuso.Protocol;

/// <summary>Where a server listens: <c>HOST:PORT</c> or <c>unix:PATH</c>, with <c>tls:</c> before it where TLS is spoken.</summary>
internal sealed record ListenAddress(string Text, bool IsTls, string Host, int Port, string? Path)
{
    // What sockaddr_un holds, less the zero byte at its end.
    private const int MaxPathBytes = 107;
    private const int MaxHostLength = 255;

    /// <exception cref="FormatException">It is no address.</exception>
    public static ListenAddress Parse(string text) => TryParse(text)
        ?? throw new FormatException($"'{text}' is not an address to listen on; write 127.0.0.1:60856, [::1]:60856 or unix:/run/ryuso.sock, and tls: before it for TLS.");

    /// <summary>The address of a server, as a client names it.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ListenAddress OfServer(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text) is { } address && (address.Path is not null || address.Port != 0)
            ? address
            : throw new FormatException($"'{text}' is not the address of a server; write 127.0.0.1:60856, shop.example:60856 or unix:/run/ryuso.sock, and tls: before it for TLS.");
    }

    /// <summary>The address of a server that listens on a port.</summary>
    public static ListenAddress OfServer(string host, int port)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        string text = string.Create(CultureInfo.InvariantCulture, $"{(host.Contains(':', StringComparison.Ordinal) && host[0] != '[' ? $"[{host}]" : host)}:{port}");
        return new ListenAddress(text, IsTls: false, host.Trim('[', ']'), port, Path: null);
    }

    private static ListenAddress? TryParse(string text)
    {
        bool isTls = text.StartsWith("tls:", StringComparison.Ordinal);
        string rest = isTls ? text[4..] : text;
        if (rest.StartsWith("unix:", StringComparison.Ordinal) && rest.Length > 5)
        {
            return Encoding.UTF8.GetByteCount(rest.AsSpan(5)) <= MaxPathBytes
                ? new ListenAddress(text, isTls, "", 0, rest[5..])
                : throw new FormatException($"The path of '{text}' has more than {MaxPathBytes} bytes, which is the longest that a Unix domain socket can have.");
        }

        int colon = rest.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > 65535)
        {
            return null;
        }

        string host = rest[..colon];
        if (host.AsSpan().ContainsAny('[', ']', ':'))
        {
            bool isBracketed = host is ['[', .., ']'] && host[1] != '[' && IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out IPAddress? ip)
                && ip.AddressFamily == AddressFamily.InterNetworkV6;
            return isBracketed ? new ListenAddress(text, isTls, host[1..^1], port, null) : null;
        }

        CheckHost(host);
        return new ListenAddress(text, isTls, host, port, null);
    }

    /// <exception cref="FormatException">The name is longer than the domain name system allows.</exception>
    public static void CheckHost(string host)
    {
        if (host.Length > MaxHostLength)
        {
            throw new FormatException($"The host name '{host[..32]}…' has more than {MaxHostLength} characters, which is the longest that there can be.");
        }
    }

    /// <summary>Where to listen: one end point, of a host name its first address, IPv4 where it has one.</summary>
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
        address = found.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault();
        return new IPEndPoint(address ?? throw new SocketException((int)SocketError.HostNotFound), Port);
    }
}
