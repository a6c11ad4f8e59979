using Ryuso.Cli.Output;
using Ryuso.Protocol;

namespace Ryuso.Cli.Client;

/// <summary>Where a server listens, as people write it: what they leave out is the usual.</summary>
internal static class Endpoint
{
    private const string UsualHost = "127.0.0.1";
    private const string UsualPort = "60856";

    public static ListenAddress Parse(string? text)
    {
        string given = text?.Trim() ?? "";
        string tls = given.StartsWith("tls:", StringComparison.Ordinal) ? "tls:" : "";
        try
        {
            return ListenAddress.OfServer(tls + WithPort(given[tls.Length..]));
        }
        catch (FormatException)
        {
            throw new UsageException($"'{text}' is no server. Write HOST:PORT with a port from 1 to 65535, or unix:PATH; and tls: before it for TLS.");
        }
    }

    private static string WithPort(string text)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            return text;
        }

        int colon = text.LastIndexOf(':');
        bool hasPort = colon >= 0 && !text.EndsWith(']') && (text[0] == '[' || text.IndexOf(':', StringComparison.Ordinal) == colon);
        string host = hasPort ? text[..colon] : text;
        host = host.Length == 0 ? UsualHost : host.Contains(':', StringComparison.Ordinal) && host[0] != '[' ? $"[{host}]" : host;
        return $"{host}:{(hasPort ? text[(colon + 1)..] : UsualPort)}";
    }
}
