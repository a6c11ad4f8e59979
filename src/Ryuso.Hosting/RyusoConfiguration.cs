using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Ryuso.Hosting;

/// <summary>
/// Reads a server's options from a configuration section, each key by hand: no reflection, and an error that names the key.
/// </summary>
internal static class RyusoConfiguration
{
    public const string Section = "Ryuso";

    private static readonly string[] s_keys =
    [
        "Host", "Port", "Listen", "UnixSocketMode", "ReusePort", "Token", "MaxQueueLength", "MaxQueueLengthPerKey", "MaxParallelRuns", "MaxRequestBytes", "MaxBufferedBytes",
        "MaxDepth", "MaxConnections", "SendTimeout", "ReceiveTimeout", "ShutdownTimeout", "LogLevel", "ScopePerRun",
    ];

    /// <exception cref="FormatException">A key is unknown, or a value is not of its key's type.</exception>
    public static void ApplyTo(RyusoHostOptions host, IConfiguration section)
    {
        // A typing error in 'Token' would otherwise leave the server open.
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!s_keys.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw new FormatException($"There is no setting '{Section}:{child.Key}'. The settings are: {string.Join(", ", s_keys)}.");
            }
        }

        RyusoServerOptions server = host.Server;
        server.Host = section["Host"] ?? server.Host;
        server.Port = Int(section, "Port") ?? server.Port;
        server.Token = section["Token"] ?? server.Token;
        server.ReusePort = Bool(section, "ReusePort") ?? server.ReusePort;
        server.UnixSocketMode = Mode(section, "UnixSocketMode") ?? server.UnixSocketMode;
        server.MaxQueueLength = Int(section, "MaxQueueLength") ?? server.MaxQueueLength;
        server.MaxQueueLengthPerKey = Int(section, "MaxQueueLengthPerKey") ?? server.MaxQueueLengthPerKey;
        server.MaxParallelRuns = Int(section, "MaxParallelRuns") ?? server.MaxParallelRuns;
        server.MaxRequestBytes = Int(section, "MaxRequestBytes") ?? server.MaxRequestBytes;
        server.MaxBufferedBytes = Long(section, "MaxBufferedBytes") ?? server.MaxBufferedBytes;
        server.MaxDepth = Int(section, "MaxDepth") ?? server.MaxDepth;
        server.MaxConnections = Int(section, "MaxConnections") ?? server.MaxConnections;
        server.SendTimeout = Time(section, "SendTimeout") ?? server.SendTimeout;
        server.ReceiveTimeout = Time(section, "ReceiveTimeout") ?? server.ReceiveTimeout;
        server.ShutdownTimeout = Time(section, "ShutdownTimeout") ?? server.ShutdownTimeout;
        server.LogLevel = Level(section, "LogLevel") ?? server.LogLevel;
        host.ScopePerRun = Bool(section, "ScopePerRun") ?? host.ScopePerRun;
        IConfigurationSection addresses = section.GetSection("Listen");
        if (addresses.Value is not null)
        {
            throw Wrong(section, "Listen", "a list of addresses");
        }

        foreach (IConfigurationSection address in addresses.GetChildren())
        {
            server.Listen.Add(address.Value ?? throw Wrong(section, "Listen", "a list of addresses"));
        }
    }

    private static int? Int(IConfiguration section, string key) => Long(section, key) is not { } value ? null
        : value is >= int.MinValue and <= int.MaxValue ? (int)value
        : throw Wrong(section, key, "a whole number of 32 bits");

    private static long? Long(IConfiguration section, string key) => section[key] is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value
        : throw Wrong(section, key, "a whole number");

    private static bool? Bool(IConfiguration section, string key) => section[key] is not { } text ? null
        : bool.TryParse(text, out bool value) ? value
        : throw Wrong(section, key, "true or false");

    private static TimeSpan? Time(IConfiguration section, string key) => section[key] is not { } text ? null
        : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value) ? value
        : throw Wrong(section, key, "a time such as 00:00:30");

    private static LogLevel? Level(IConfiguration section, string key) => section[key] is not { } text ? null
        : Enum.TryParse(text, ignoreCase: true, out LogLevel value) && char.IsAsciiLetter(text[0]) ? value
        : throw Wrong(section, key, "a log level such as Information");

    private static UnixFileMode? Mode(IConfiguration section, string key)
    {
        if (section[key] is not { } text)
        {
            return null;
        }

        bool isOctal = text.Length is > 0 and <= 4 && text.All(digit => digit is >= '0' and <= '7');
        int mode = isOctal ? text.Aggregate(0, (sum, digit) => (sum * 8) + (digit - '0')) : int.MaxValue;
        return mode <= 0x1FF ? (UnixFileMode)mode : throw Wrong(section, key, "octal digits such as 660");
    }

    private static FormatException Wrong(IConfiguration section, string key, string what) =>
        new($"The setting '{Section}:{key}' must be {what}, not '{section[key]}'.");
}
