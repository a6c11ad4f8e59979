using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ryuso.Cli.Client;
using Ryuso.Cli.Output;
using Ryuso.Protocol;
using Spectre.Console;

namespace Ryuso.Cli.Calls;

/// <summary>Tells on the error stream how far a call is. A server says nothing of a run before its end, so this is what can be known from outside.</summary>
internal sealed class CallProgress(Terminal terminal, ListenAddress server, bool isOn)
{
    private readonly long _began = Stopwatch.GetTimestamp();

    public void Connected() => Report($"connected to {server.Text} after {Elapsed()}");

    public async Task<JsonObject> WaitAsync(Task<JsonObject> answer)
    {
        Report("sent; waiting for the lane and the run");
        if (isOn && terminal.IsErrorLive)
        {
            await terminal.ErrorScreen.Status().StartAsync("running", async status =>
            {
                while (await Task.WhenAny(answer, Task.Delay(100)) != answer)
                {
                    status.Status($"running, {Elapsed()}");
                }
            });
        }

        JsonObject json = await answer;
        Report($"answered after {Elapsed()}");
        return json;
    }

    private void Report(string what)
    {
        if (isOn)
        {
            terminal.Error.WriteLine(what);
        }
    }

    private string Elapsed() => string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_began).TotalSeconds:0.000} s");
}
