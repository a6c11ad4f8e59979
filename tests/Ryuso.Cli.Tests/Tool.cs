using System.Text.Json.Nodes;
using Ryuso.Cli.Output;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary>A run of the tool in a folder, as a script sees it.</summary>
internal sealed record Tool(int ExitCode, string Output, string Error)
{
    public static string Wallet { get; } = Repository.File("samples/Wallet");

    public JsonNode Json => JsonNode.Parse(Output)!;

    public static Task<Tool> RunAsync(string folder, params string[] args) => RunAsync(folder, "", args);

    public static async Task<Tool> RunAsync(string folder, string input, string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        using var reader = new StringReader(input);
        int exitCode = await RyusoTool.RunAsync(args, new Terminal(reader, output, error, folder), TestContext.Current.CancellationToken);
        return new Tool(exitCode, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
    }
}
