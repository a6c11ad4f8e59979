using System.CommandLine;
using System.Globalization;

namespace Ryuso.Cli.Client;

/// <summary>Which server, and how long to wait for it: the same options on every command that asks one.</summary>
internal sealed class ServerOptions(int seconds)
{
    public Option<string?> Server { get; } = new("--server") { Description = "The server (RYUSO_SERVER; 127.0.0.1:60856)", HelpName = "HOST:PORT|unix:PATH" };

    public Option<string?> Token { get; } = new("--token") { Description = "The server's token (RYUSO_TOKEN, which no process list shows)", HelpName = "TEXT" };

    public Option<int> Timeout { get; } = new("--timeout") { Description = "How long to wait for an answer", HelpName = "SECONDS", DefaultValueFactory = _ => seconds };

    public void AddTo(Command command)
    {
        Timeout.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value is < 1 or > 86_400))
            {
                result.AddError("--timeout is a number of seconds from 1 to 86400.");
            }
        });
        command.Add(Server);
        command.Add(Token);
        command.Add(Timeout);
    }

    public Endpoint Endpoint(ParseResult parsed) => Client.Endpoint.Parse(parsed.GetValue(Server) ?? Environment.GetEnvironmentVariable("RYUSO_SERVER"));

    public string? TokenOf(ParseResult parsed) => parsed.GetValue(Token) ?? Environment.GetEnvironmentVariable("RYUSO_TOKEN") switch { "" => null, var token => token };

    /// <summary>Connects, asks and closes, all within the time.</summary>
    public async Task<T> AskAsync<T>(ParseResult parsed, Func<WireClient, CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        Endpoint server = Endpoint(parsed);
        int limit = parsed.GetValue(Timeout);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(TimeSpan.FromSeconds(limit));
        try
        {
            using WireClient client = await WireClient.ConnectAsync(server, TokenOf(parsed), timeout.Token);
            return await ask(client, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new NoAnswerException(string.Create(CultureInfo.InvariantCulture, $"{server} did not answer within {limit} s. What it was asked to run may still run."));
        }
    }
}
