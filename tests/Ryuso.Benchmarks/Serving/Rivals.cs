using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using Bank;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StreamJsonRpc;

namespace Ryuso.Benchmarks.Serving;

internal sealed record Move(string From, string To, long Amount, double Rate, bool Urgent);

internal sealed record Moved(long FromBalance, long ToBalance, double Fee);

[JsonSerializable(typeof(Move))]
[JsonSerializable(typeof(Moved))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class MoveJson : JsonSerializerContext;

/// <summary>What one would write instead: the same three calls behind an endpoint, one at a time.</summary>
internal static class Rivals
{
    private static readonly Desk s_desk = new();
    private static readonly Lock s_gate = new();

    public static int MinimalApi()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, MoveJson.Default));
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        app.MapPost("/move", (Move move) => TypedResults.Ok(Transfer(move)));
        app.StartAsync().GetAwaiter().GetResult();
        return new Uri(app.Urls.First()).Port;
    }

    public static int StreamJsonRpc()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(4096);
        _ = Task.Run(async () =>
        {
            while (true)
            {
                Socket client = await listener.AcceptSocketAsync();
                client.NoDelay = true;
                var formatter = new SystemTextJsonFormatter();
                formatter.JsonSerializerOptions.TypeInfoResolverChain.Insert(0, MoveJson.Default);
                var stream = new NetworkStream(client, ownsSocket: true);
                var rpc = new JsonRpc(new HeaderDelimitedMessageHandler(stream, stream, formatter));
                rpc.AddLocalRpcMethod("move", (string from, string to, long amount, double rate, bool urgent) => Transfer(new Move(from, to, amount, rate, urgent)));
                rpc.StartListening();
            }
        });
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Moved Transfer(Move move)
    {
        lock (s_gate)
        {
            double fee = Desk.Check(new(move.Amount, move.Rate, move.Urgent)).Fee;
            return new Moved(s_desk.Debit(new(move.From, move.Amount)).FromBalance, s_desk.Credit(new(move.To, move.Amount)).ToBalance, fee);
        }
    }
}
