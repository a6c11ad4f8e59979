using System.CommandLine;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ryuso.Cli.Output;
using Ryuso.Client;
using Ryuso.Protocol;

namespace Ryuso.Cli.Client;

/// <summary>Which server, and how long to wait for it: the same options on every command that asks one.</summary>
internal sealed class ServerOptions(int seconds)
{
    private const int MaxAnswered = 256 * 1024 * 1024;

    public Option<string?> Server { get; } = new("--server") { Description = "The server (RYUSO_SERVER; 127.0.0.1:60856)", HelpName = "[tls:]HOST:PORT|unix:PATH" };

    public Option<string?> Token { get; } = new("--token") { Description = "The server's token (RYUSO_TOKEN, which no process list shows)", HelpName = "TEXT" };

    public Option<string?> Authority { get; } = new("--tls-ca") { Description = "The certificate that has signed the server's, where the system does not trust it", HelpName = "FILE" };

    public Option<string?> Certificate { get; } = new("--tls-certificate") { Description = "Your own certificate, PEM, for a server that asks for one", HelpName = "FILE" };

    public Option<string?> Key { get; } = new("--tls-key") { Description = "Its key, where the certificate's file has none", HelpName = "FILE" };

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
        command.Add(Authority);
        command.Add(Certificate);
        command.Add(Key);
        command.Add(Timeout);
    }

    public ListenAddress Address(ParseResult parsed) => Endpoint.Parse(parsed.GetValue(Server) ?? Environment.GetEnvironmentVariable("RYUSO_SERVER"));

    public string? TokenOf(ParseResult parsed) => parsed.GetValue(Token) ?? Environment.GetEnvironmentVariable("RYUSO_TOKEN") switch { "" => null, var token => token };

    /// <summary>Whom to trust and who one is; null for the system's own trust and nobody.</summary>
    public SslClientAuthenticationOptions? Tls(ParseResult parsed)
    {
        string? authority = parsed.GetValue(Authority);
        string? certificate = parsed.GetValue(Certificate);
        if (authority is null && certificate is null)
        {
            return null;
        }

        try
        {
            var options = new SslClientAuthenticationOptions();
            if (authority is not null)
            {
                options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                options.CertificateChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(authority));
            }

            if (certificate is not null)
            {
                options.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, parsed.GetValue(Key) ?? certificate)];
            }

            return options;
        }
        catch (CryptographicException exception)
        {
            throw new UsageException(exception.Message);
        }
    }

    /// <summary>A bare connection, for a load.</summary>
    public async Task<Stream> OpenAsync(ParseResult parsed, CancellationToken cancel)
    {
        ListenAddress server = Address(parsed);
        try
        {
            return await ServerStream.OpenAsync(server, Tls(parsed), cancel);
        }
        catch (Exception exception) when (exception is SocketException or IOException or AuthenticationException)
        {
            throw new NoAnswerException($"There is no connection to {server.Text}: {exception.Message}");
        }
    }

    /// <summary>Connects, asks and closes, all within the time and without a second attempt: whoever types wants to know at once.</summary>
    public async Task<T> AskAsync<T>(ParseResult parsed, Func<RyusoClient, CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        ListenAddress server = Address(parsed);
        int limit = parsed.GetValue(Timeout);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(TimeSpan.FromSeconds(limit));
        var options = new RyusoClientOptions
        {
            Token = TokenOf(parsed),
            Tls = Tls(parsed),
            RetryLimit = TimeSpan.Zero,
            ConnectTimeout = TimeSpan.FromSeconds(limit),
            MaxAnswerBytes = MaxAnswered,
        };
        try
        {
            await using var client = new RyusoClient(server.Text, options);
            return await ask(client, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new NoAnswerException(string.Create(CultureInfo.InvariantCulture, $"{server.Text} did not answer within {limit} s. What it was asked to run may still run."));
        }
        catch (RequestRejectedException exception)
        {
            throw new RejectedException(new Answer(exception.Answer));
        }
        catch (ServerUnreachableException exception)
        {
            throw new NoAnswerException(exception.InnerException is SocketException refused ? $"There is no server at {server.Text}: {refused.Message}." : exception.Message);
        }
        catch (OutcomeUnknownException exception)
        {
            throw new NoAnswerException(exception.Message);
        }
    }
}
