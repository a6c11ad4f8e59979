using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Ryuso.Hosting;

/// <summary>Reads a server's options from a configuration section, each key by hand: no reflection, and an error that names the key.</summary>
internal static class RyusoConfiguration
{
    public const string Section = "Ryuso";

    /// <exception cref="FormatException">A value is not of its key's type.</exception>
    public static void ApplyTo(RyusoHostOptions host, IConfiguration section)
    {
        RyusoServerOptions server = host.Server;
        server.Host = section["Host"] ?? server.Host;
        server.Port = Int(section, "Port") ?? server.Port;
        server.Token = section["Token"] ?? server.Token;
        server.ReusePort = Bool(section, "ReusePort") ?? server.ReusePort;
        server.MaxQueueLength = Int(section, "MaxQueueLength") ?? server.MaxQueueLength;
        server.MaxRequestBytes = Int(section, "MaxRequestBytes") ?? server.MaxRequestBytes;
        server.MaxDepth = Int(section, "MaxDepth") ?? server.MaxDepth;
        server.MaxConnections = Int(section, "MaxConnections") ?? server.MaxConnections;
        server.SendTimeout = Time(section, "SendTimeout") ?? server.SendTimeout;
        server.ReceiveTimeout = Time(section, "ReceiveTimeout") ?? server.ReceiveTimeout;
        host.ScopePerRun = Bool(section, "ScopePerRun") ?? host.ScopePerRun;
        foreach (IConfigurationSection address in section.GetSection("Listen").GetChildren())
        {
            server.Listen.Add(address.Value ?? throw Wrong(section, "Listen", "a list of addresses"));
        }
    }

    private static int? Int(IConfiguration section, string key) => section[key] is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) ? value
        : throw Wrong(section, key, "a whole number");

    private static bool? Bool(IConfiguration section, string key) => section[key] is not { } text ? null
        : bool.TryParse(text, out bool value) ? value
        : throw Wrong(section, key, "true or false");

    private static TimeSpan? Time(IConfiguration section, string key) => section[key] is not { } text ? null
        : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value) ? value
        : throw Wrong(section, key, "a time such as 00:00:30");

    private static FormatException Wrong(IConfiguration section, string key, string what) =>
        new($"The setting '{Section}:{key}' must be {what}, not '{section[key]}'.");
}
