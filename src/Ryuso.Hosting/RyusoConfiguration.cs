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
        "ListensOnSocket", "Host", "Port", "Listen", "UnixSocketMode", "ReusePort", "Token", "MaxQueueLength", "MaxQueueLengthPerKey",
        "MaxParallelRuns", "MaxRequestBytes", "MaxBufferedBytes",
        "MaxDepth", "MaxConnections", "SendTimeout", "ReceiveTimeout", "ShutdownTimeout", "LogLevel", "ScopePerRun",
    ];

    /// <summary>Reads what holds for every orchestrator of the host, then what holds for one.</summary>
    /// <param name="host">What is set.</param>
    /// <param name="configuration">The host's configuration.</param>
    /// <param name="orchestrator">The one's name, which is that of its section.</param>
    /// <param name="orchestrators">The names of all.</param>
    /// <exception cref="FormatException">A key is unknown, or a value is not of its key's type.</exception>
    public static void ApplyTo(RyusoHostOptions host, IConfiguration configuration, string orchestrator, IReadOnlyCollection<string> orchestrators)
    {
        IConfigurationSection all = configuration.GetSection(Section);
        ApplySection(host, all, orchestrators);
        ApplySection(host, all.GetSection(orchestrator), []);
    }

    private static void ApplySection(RyusoHostOptions host, IConfigurationSection section, IReadOnlyCollection<string> sections)
    {
        // A typing error in 'Token' would otherwise leave the server open.
        foreach (IConfigurationSection child in section.GetChildren())
        {
            bool isSection = sections.Contains(child.Key, StringComparer.OrdinalIgnoreCase) && child.Value is null;
            if (!isSection && !s_keys.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw new FormatException(
                    $"There is no setting '{child.Path}'. The settings are: {string.Join(", ", s_keys)}"
                    + (sections.Count > 0 ? $"; those of one orchestrator stand below {string.Join(", ", sections)}." : "."));
            }
        }

        RyusoServerOptions server = host.Server;
        server.ListensOnSocket = Bool(section, "ListensOnSocket") ?? server.ListensOnSocket;
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

        List<IConfigurationSection> listed = [.. addresses.GetChildren()];
        if (listed.Count > 0)
        {
            server.Listen.Clear();
        }

        foreach (IConfigurationSection address in listed)
        {
            server.Listen.Add(address.Value ?? throw Wrong(section, "Listen", "a list of addresses"));
        }
    }

    private static int? Int(IConfigurationSection section, string key) => Long(section, key) is not { } value ? null
        : value is >= int.MinValue and <= int.MaxValue ? (int)value
        : throw Wrong(section, key, "a whole number of 32 bits");

    private static long? Long(IConfigurationSection section, string key) => section[key] is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value
        : throw Wrong(section, key, "a whole number");

    private static bool? Bool(IConfigurationSection section, string key) => section[key] is not { } text ? null
        : bool.TryParse(text, out bool value) ? value
        : throw Wrong(section, key, "true or false");

    private static TimeSpan? Time(IConfigurationSection section, string key) => section[key] is not { } text ? null
        : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value) ? value
        : throw Wrong(section, key, "a time such as 00:00:30");

    private static LogLevel? Level(IConfigurationSection section, string key) => section[key] is not { } text ? null
        : Enum.TryParse(text, ignoreCase: true, out LogLevel value) && char.IsAsciiLetter(text[0]) ? value
        : throw Wrong(section, key, "a log level such as Information");

    private static UnixFileMode? Mode(IConfigurationSection section, string key)
    {
        if (section[key] is not { } text)
        {
            return null;
        }

        bool isOctal = text.Length is > 0 and <= 4 && text.All(digit => digit is >= '0' and <= '7');
        int mode = isOctal ? text.Aggregate(0, (sum, digit) => (sum * 8) + (digit - '0')) : int.MaxValue;
        return mode <= 0x1FF ? (UnixFileMode)mode : throw Wrong(section, key, "octal digits such as 660");
    }

    private static FormatException Wrong(IConfigurationSection section, string key, string what) =>
        new($"The setting '{section.Path}:{key}' must be {what}, not '{section[key]}'.");
}
