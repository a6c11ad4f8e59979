using Ryuso.Cli;
using Ryuso.Cli.Output;

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    // The first one ends what is under way in good order, a second one ends the process.
    key.Cancel = !interrupted.IsCancellationRequested;
    interrupted.Cancel();
};
return await RyusoTool.RunAsync(args, Terminal.OfProcess(), interrupted.Token);
