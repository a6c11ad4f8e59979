using System.ComponentModel;
using System.Diagnostics;

namespace Ryuso.TestKit;

/// <summary>A program of this machine, run to its end.</summary>
internal sealed record Command(int ExitCode, string Output, string Error)
{
    public static async Task<Command> RunAsync(string program, string[] arguments, IReadOnlyDictionary<string, string>? variables = null, int seconds = 30)
    {
        using Process process = Start(program, arguments, variables);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Command(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {seconds} seconds.");
        }
    }

    public static Process Start(string program, string[] arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Skips the test where the program is not on this machine. The continuous build has them all and allows no skipped test.</summary>
    public static async Task SkipUnlessInstalledAsync(string program)
    {
        bool installed;
        try
        {
            installed = (await RunAsync("sh", ["-c", $"command -v {program}"])).ExitCode == 0;
        }
        catch (Win32Exception)
        {
            installed = false;
        }

        Assert.SkipUnless(installed, $"{program} is not installed.");
    }
}
