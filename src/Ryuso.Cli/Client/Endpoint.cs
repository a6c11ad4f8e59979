using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ryuso.Cli.Client;

/// <summary>Where a server listens: <c>HOST:PORT</c>, <c>[::1]:PORT</c> or <c>unix:PATH</c>.</summary>
internal sealed record Endpoint(string Host, int Port, string? UnixPath)
{
    private const string DefaultHost = "127.0.0.1";
    private const int DefaultPort = 60856;

    public static Endpoint Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return new Endpoint(DefaultHost, DefaultPort, null);
        }

        if (text.StartsWith("unix:", StringComparison.Ordinal) && text.Length > "unix:".Length)
        {
            return new Endpoint("", 0, text["unix:".Length..]);
        }

        int colon = text.LastIndexOf(':');
        bool hasPort = colon >= 0 && !text.EndsWith(']') && (text[0] == '[' || text.IndexOf(':', StringComparison.Ordinal) == colon);
        string host = (hasPort ? text[..colon] : text).Trim('[', ']');
        int port = DefaultPort;
        if (hasPort && (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            throw new UsageException($"'{text}' is no server: the port is a number from 1 to 65535. Write HOST:PORT or unix:PATH.");
        }

        return new Endpoint(host.Length == 0 ? DefaultHost : host, port, null);
    }

    public async Task<Socket> ConnectAsync(CancellationToken cancel)
    {
        Socket socket = UnixPath is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(UnixPath is null ? EndPoint() : new UnixDomainSocketEndPoint(UnixPath), cancel);
            return socket;
        }
        catch (Exception exception)
        {
            socket.Dispose();
            throw exception is SocketException refused ? new NoAnswerException($"There is no server at {this}: {refused.Message}.") : exception;
        }
    }

    public override string ToString() => UnixPath is not null ? "unix:" + UnixPath
        : string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");

    private EndPoint EndPoint() => IPAddress.TryParse(Host, out IPAddress? address) ? new IPEndPoint(address, Port) : new DnsEndPoint(Host, Port);
}
