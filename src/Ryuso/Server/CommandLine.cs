using System.Globalization;

namespace Ryuso;

/// <summary>What the command line and the <c>RYUSO_*</c> variables say. The command line wins.</summary>
internal sealed class CommandLine
{
    public const string Help = """
        Options (or environment variables):
          --host ADDRESS   the address to listen on (RYUSO_HOST; 127.0.0.1)
          --port NUMBER    the port to listen on, 0 for any free one (RYUSO_PORT; 60856)
          --queue NUMBER   how many requests may wait (RYUSO_QUEUE; 512)
          --help           show this and exit
          --version        show the version and exit
        """;

    private static readonly string[] Options = ["--host", "--port", "--queue", "--help", "--version"];

    private string? _host;
    private int? _port;
    private int? _queue;

    public bool WantsHelp { get; private set; }

    public bool WantsVersion { get; private set; }

    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Error { get; private set; }

    public static CommandLine Parse(IReadOnlyList<string> args, Func<string, string?> variable)
    {
        var line = new CommandLine();
        foreach (string option in Options[..3])
        {
            string name = "RYUSO_" + option[2..].ToUpperInvariant();
            if (variable(name) is { Length: > 0 } value)
            {
                line.Set(option, value, name);
            }
        }

        for (int i = 0; i < args.Count && line.Error is null; i++)
        {
            string name = args[i];
            string? value = null;
            if (name.StartsWith("--", StringComparison.Ordinal) && name.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals)
            {
                (name, value) = (name[..equals], name[(equals + 1)..]);
            }

            line.Read(name, value, args, ref i);
        }

        return line;
    }

    public void ApplyTo(RyusoServerOptions options)
    {
        options.Host = _host ?? options.Host;
        options.Port = _port ?? options.Port;
        options.QueueLength = _queue ?? options.QueueLength;
    }

    private void Read(string name, string? value, IReadOnlyList<string> args, ref int i)
    {
        if (!Options.Contains(name))
        {
            Error = $"Unknown option '{name}'. {Nearest.Suggest(name, Options)}";
        }
        else if (name is "--help" or "--version")
        {
            WantsHelp |= name == "--help";
            WantsVersion |= name == "--version";
            Error = value is null ? null : $"The option '{name}' takes no value.";
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
        if (option == "--host")
        {
            _host = value;
            Error ??= string.IsNullOrWhiteSpace(value) ? $"{source} must be an address." : null;
            return;
        }

        (int least, int most) = option == "--port" ? (0, 65535) : (1, int.MaxValue - 1);
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < least || number > most)
        {
            Error ??= $"{source} must be a whole number from {least} to {most}, not '{value}'.";
        }
        else if (option == "--port")
        {
            _port = number;
        }
        else
        {
            _queue = number;
        }
    }
}
