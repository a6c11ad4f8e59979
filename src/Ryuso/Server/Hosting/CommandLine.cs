using System.Globalization;
using System.Net.Security;
using Microsoft.Extensions.Logging;
using Ryuso.Json;
using Ryuso.Protocol;
using Ryuso.Server.Transport;
using Ryuso.Values;

namespace Ryuso.Server.Hosting;

/// <summary>What the command line and the <c>RYUSO_*</c> variables say. The command line wins.</summary>
internal sealed class CommandLine
{
    public const string Help = """
        Options (or environment variables):
          --host ADDRESS          the address to listen on (RYUSO_HOST; 127.0.0.1)
          --port NUMBER           the port to listen on, 0 for any free one (RYUSO_PORT; 60856)
          --listen ADDRESS        instead of host and port; repeatable: 127.0.0.1:60856, [::1]:0, unix:/run/ryuso.sock,
                                  tls:0.0.0.0:60857 (RYUSO_LISTEN, separated by commas)
          --socket-mode MODE      permissions of unix: sockets in octal digits, such as 660 (RYUSO_SOCKET_MODE; the umask)
          --reuse-port            let other processes listen on the same port (RYUSO_REUSE_PORT=1)
          --tls-certificate FILE  a certificate, PEM or PFX, or store:SUBJECT (RYUSO_TLS_CERTIFICATE)
          --tls-key FILE          its key, where a PEM file has none (RYUSO_TLS_KEY; RYUSO_TLS_PASSWORD opens a PFX file)
          --tls-client-ca FILE    clients need a certificate that this one has signed (RYUSO_TLS_CLIENT_CA)
          --token TEXT            what requests must carry as "auth" (RYUSO_TOKEN, which no process list shows)
          --token-file FILE       the file whose first line is the token (RYUSO_TOKEN_FILE)
          --queue NUMBER          how many requests may wait (RYUSO_QUEUE; 512)
          --queue-per-key NUMBER  how many of them for one key (RYUSO_QUEUE_PER_KEY; 64)
          --parallel NUMBER       how many runs may be under way, where the spec has keys (RYUSO_PARALLEL; 256)
          --connections NUMBER    how many connections may be open (RYUSO_CONNECTIONS; 4096)
          --request-bytes NUMBER  how long a request may be (RYUSO_REQUEST_BYTES; 16777216)
          --buffer-bytes NUMBER   how much incomplete requests and unsent answers may take together
                                  (RYUSO_BUFFER_BYTES; 268435456)
          --depth NUMBER          how deep a request may be nested (RYUSO_DEPTH; 64)
          --receive-seconds N     how long a client may take to send a request (RYUSO_RECEIVE_SECONDS; 30)
          --send-seconds N        how long a client may take to receive an answer (RYUSO_SEND_SECONDS; 30)
          --shutdown-seconds N    how long a stop waits for runs that do not end (RYUSO_SHUTDOWN_SECONDS; without a limit)
          --log LEVEL             the least level to log: debug, information, warning, error, critical or none
                                  (RYUSO_LOG; information)
          --help                  show this and exit
          --version               show the version and exit
        """;

    private static readonly Dictionary<string, Action<RyusoServerOptions, string>> s_texts = new()
    {
        ["--host"] = (options, value) => options.Host = value,
        ["--listen"] = (options, value) => AddAll(options, value),
        ["--token"] = (options, value) => options.Token = value,
        ["--log"] = (options, value) => options.LogLevel = Enum.Parse<LogLevel>(value, ignoreCase: true),
        ["--token-file"] = (_, _) => { },
        ["--socket-mode"] = (options, value) => options.UnixSocketMode = ParseMode(value),
        ["--tls-certificate"] = (_, _) => { },
        ["--tls-key"] = (_, _) => { },
        ["--tls-client-ca"] = (_, _) => { },
    };

    private static readonly Dictionary<string, (int Least, int Most, Action<RyusoServerOptions, int> Set)> s_numbers = new()
    {
        ["--port"] = (0, 65535, (options, value) => options.Port = value),
        ["--queue"] = (1, int.MaxValue, (options, value) => options.MaxQueueLength = value),
        ["--queue-per-key"] = (1, int.MaxValue, (options, value) => options.MaxQueueLengthPerKey = value),
        ["--parallel"] = (1, int.MaxValue, (options, value) => options.MaxParallelRuns = value),
        ["--connections"] = (1, int.MaxValue, (options, value) => options.MaxConnections = value),
        ["--request-bytes"] = (2, 1024 * 1024 * 1024, (options, value) => options.MaxRequestBytes = value),
        ["--buffer-bytes"] = (2, int.MaxValue, (options, value) => options.MaxBufferedBytes = value),
        ["--depth"] = (1, JsonDepth.Max, (options, value) => options.MaxDepth = value),
        ["--receive-seconds"] = (1, 86_400, (options, value) => options.ReceiveTimeout = TimeSpan.FromSeconds(value)),
        ["--send-seconds"] = (1, 86_400, (options, value) => options.SendTimeout = TimeSpan.FromSeconds(value)),
        ["--shutdown-seconds"] = (1, 86_400, (options, value) => options.ShutdownTimeout = TimeSpan.FromSeconds(value)),
    };

    private static readonly string[] s_switches = ["--reuse-port", "--help", "--version"];

    private static readonly string[] s_certificateOptions = ["--tls-key", "--tls-client-ca"];

    private readonly Dictionary<string, List<string>> _values = [];
    private string? _tlsPassword;

    public bool WantsHelp => _values.ContainsKey("--help");

    public bool WantsVersion => _values.ContainsKey("--version");

    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Error { get; private set; }

    public static CommandLine Parse(IReadOnlyList<string> args, Func<string, string?> variable)
    {
        var given = new CommandLine();
        for (int i = 0; i < args.Count && given.Error is null; i++)
        {
            string name = args[i];
            string? value = null;
            if (name.StartsWith("--", StringComparison.Ordinal) && name.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals)
            {
                (name, value) = (name[..equals], name[(equals + 1)..]);
            }

            given.Read(name, value, args, ref i);
        }

        given._tlsPassword = variable("RYUSO_TLS_PASSWORD") is { Length: > 0 } password ? password : null;
        var inherited = new CommandLine();
        IEnumerable<string> others = s_texts.Keys.Concat(s_numbers.Keys).Append("--reuse-port");
        foreach (string option in others.Where(option => !given._values.ContainsKey(option)))
        {
            string name = "RYUSO_" + option[2..].Replace('-', '_').ToUpperInvariant();
            if (variable(name) is { Length: > 0 } value && !(option == "--reuse-port" && value == "0"))
            {
                inherited.Set(option, value, name);
            }
        }

        given.Error ??= inherited.Error;
        foreach ((string option, List<string> values) in inherited._values)
        {
            given._values.Add(option, values);
        }

        return given;
    }

    /// <summary>Whether there are certificates that can be read again.</summary>
    public bool HasCertificate => Last("--tls-certificate") is not null;

    /// <summary>Reads the TLS files.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds no certificate or key.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public SslServerAuthenticationOptions ReadTls() =>
        TlsFiles.Read(Last("--tls-certificate")!, Last("--tls-key"), _tlsPassword, Last("--tls-client-ca"));

    /// <exception cref="ArgumentException">Options do not go together.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public void ApplyTo(RyusoServerOptions options)
    {
        if (_values.ContainsKey("--listen"))
        {
            options.Listen.Clear();
        }

        foreach ((string option, List<string> values) in _values)
        {
            foreach (string value in values)
            {
                if (s_numbers.TryGetValue(option, out var number))
                {
                    number.Set(options, int.Parse(value, CultureInfo.InvariantCulture));
                }
                else if (s_texts.TryGetValue(option, out Action<RyusoServerOptions, string>? set))
                {
                    set(options, value);
                }
            }
        }

        options.ReusePort |= _values.ContainsKey("--reuse-port");
        if (HasCertificate)
        {
            options.Tls = ReadTls();
        }
        else if (s_certificateOptions.FirstOrDefault(_values.ContainsKey) is { } lone)
        {
            throw new ArgumentException($"{lone} has no effect without --tls-certificate (RYUSO_TLS_CERTIFICATE).");
        }
        else if (_tlsPassword is not null)
        {
            throw new ArgumentException("RYUSO_TLS_PASSWORD has no effect without --tls-certificate (RYUSO_TLS_CERTIFICATE).");
        }

        if (Last("--token-file") is { } file)
        {
            options.Token = Last("--token") is null
                ? ReadToken(file)
                : throw new ArgumentException("The token is given twice: by --token (RYUSO_TOKEN) and by --token-file (RYUSO_TOKEN_FILE).");
        }
    }

    private static string ReadToken(string file)
    {
        string? token = File.ReadLines(file).FirstOrDefault()?.Trim();
        return string.IsNullOrEmpty(token) ? throw new ArgumentException($"The first line of the token file '{file}' is empty.") : token;
    }

    private static UnixFileMode ParseMode(string digits)
    {
        int mode = 0;
        foreach (char digit in digits)
        {
            mode = digits.Length <= 4 && digit is >= '0' and <= '7'
                ? (mode * 8) + (digit - '0')
                : throw new ArgumentException("--socket-mode (RYUSO_SOCKET_MODE) must be up to four octal digits, such as 660.");
        }

        return mode <= 0x1FF
            ? (UnixFileMode)mode
            : throw new ArgumentException("--socket-mode (RYUSO_SOCKET_MODE) must be from 000 to 777.");
    }

    private static void AddAll(RyusoServerOptions options, string addresses)
    {
        foreach (string address in addresses.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            options.Listen.Add(address);
        }
    }

    private string? Last(string option) => _values.TryGetValue(option, out List<string>? values) ? values[^1] : null;

    private void Read(string name, string? value, IReadOnlyList<string> args, ref int i)
    {
        if (s_switches.Contains(name))
        {
            Error = value is null ? null : $"The option '{name}' takes no value.";
            _values[name] = [];
        }
        else if (!s_texts.ContainsKey(name) && !s_numbers.ContainsKey(name))
        {
            Error = $"Unknown option '{name}'. {NearestName.Suggest(name, [.. s_texts.Keys, .. s_numbers.Keys, .. s_switches])}";
        }
        else if (value is null && ++i >= args.Count)
        {
            Error = $"The option '{name}' needs a value: {name} VALUE.";
        }
        else
        {
            Set(name, value ?? args[i], name);
        }
    }

    private void Set(string option, string value, string source)
    {
        if (s_numbers.TryGetValue(option, out var number)
            && !(int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int parsed)
                && parsed >= number.Least && parsed <= number.Most))
        {
            // The value is not repeated: what was meant for another option may be a secret.
            Error ??= $"{source} must be a whole number from {number.Least} to {number.Most}.";
        }
        else if (option == "--log" && (!Enum.TryParse(value, ignoreCase: true, out LogLevel _) || !char.IsAsciiLetter(value[0])))
        {
            Error ??= $"{source} must be one of: {string.Join(", ", Enum.GetNames<LogLevel>()).ToLowerInvariant()}.";
        }
        else if (string.IsNullOrWhiteSpace(value))
        {
            Error ??= $"{source} must not be empty.";
        }
        else if (_values.TryGetValue(option, out List<string>? values))
        {
            values.Add(value);
        }
        else
        {
            _values[option] = [value];
        }
    }
}
