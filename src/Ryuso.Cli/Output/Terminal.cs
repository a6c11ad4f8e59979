using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Ryuso.Cli.Output;

/// <summary>
/// Where the tool reads and writes. Plain text of 80 columns unless a person looks at it, and nothing in it that a terminal would obey.
/// </summary>
internal sealed class Terminal
{
    private const int PlainWidth = 80;
    private const int MinWidth = 40;
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Terminal(TextReader input, TextWriter output, TextWriter error, string folder, bool isLive = false, bool isErrorLive = false)
    {
        var results = new GuardedWriter(output, exception => throw new OutputLostException(exception));

        // A message that cannot be written is lost; the exit code speaks for it.
        var messages = new GuardedWriter(error, _ => { });
        In = input;
        Out = new VisibleWriter(results);
        Error = new VisibleWriter(messages);
        Folder = folder;
        Screen = Console(isLive ? results : Out, isLive);
        ErrorScreen = Console(isErrorLive ? messages : Error, isErrorLive);
        IsErrorLive = isErrorLive;
    }

    public TextReader In { get; }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    /// <summary>What relative paths are relative to.</summary>
    public string Folder { get; }

    /// <summary>The output for tables and trees.</summary>
    public IAnsiConsole Screen { get; }

    /// <summary>The same for what is no result: notes and progress.</summary>
    public IAnsiConsole ErrorScreen { get; }

    /// <summary>Whether a person can see progress move.</summary>
    public bool IsErrorLive { get; }

    /// <summary>The process's own streams. Colour only where a person looks and NO_COLOR is not set.</summary>
    public static Terminal OfProcess()
    {
        bool isPlain = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) || Environment.GetEnvironmentVariable("TERM") == "dumb";
        return new Terminal(
            StandardInput.Open(),
            System.Console.Out,
            System.Console.Error,
            Environment.CurrentDirectory,
            isLive: !isPlain && !System.Console.IsOutputRedirected,
            isErrorLive: !isPlain && !System.Console.IsErrorRedirected);
    }

    public void WriteJson(JsonNode value) => Out.WriteLine(value.ToJsonString(s_json));

    /// <summary>A path as people read it: relative to the folder where it lies below it.</summary>
    public string Show(string path)
    {
        string relative = Path.GetRelativePath(Folder, path);
        return (relative.StartsWith("..", StringComparison.Ordinal) ? path : relative).Replace('\\', '/');
    }

    public string FullPath(string path) => Path.GetFullPath(path, Folder);

    private static IAnsiConsole Console(TextWriter writer, bool isLive)
    {
        if (isLive)
        {
            IAnsiConsole live = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
            live.Pipeline.Attach(new VisibleHook());
            live.Profile.Width = Math.Max(live.Profile.Width, MinWidth);
            return live;
        }

        IAnsiConsole plain = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(new TrimmingWriter(writer)),
        });
        plain.Profile.Width = PlainWidth;
        plain.Profile.Capabilities.Unicode = true;
        return plain;
    }

    /// <summary>Leaves out the blanks with which tables fill their lines.</summary>
    private sealed class TrimmingWriter(TextWriter inner) : TextWriter
    {
        private int _blanks;

        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value)
        {
            if (value == ' ')
            {
                _blanks++;
                return;
            }

            if (value is not ('\n' or '\r'))
            {
                inner.Write(new string(' ', _blanks));
            }

            _blanks = 0;
            inner.Write(value);
        }

        public override void Flush() => inner.Flush();
    }
}
