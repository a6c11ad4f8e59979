using System.Text;
using System.Text.Json.Nodes;
using Kiosk;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ryuso.Hosting;

namespace Ryuso.AspNetCore.Tests;

/// <summary>A web application on a free port, and a client of it.</summary>
internal sealed class WebKiosk : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo? _folder;

    private WebKiosk(WebApplication app, DirectoryInfo? folder)
    {
        _app = app;
        _folder = folder;
    }

    public HttpClient Client { get; } = new();

    public Sales Sales => _app.Services.GetRequiredService<Sales>();

    public KioskOrchestrator Orchestrator => _app.Services.GetRequiredService<KioskOrchestrator>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<WebKiosk> StartAsync(
        bool hasJournal = false,
        Action<RyusoHttpOptions>? http = null,
        Action<RyusoHostOptions>? ryuso = null,
        Action<WebApplicationBuilder>? build = null,
        Action<WebApplication>? use = null,
        Action<IEndpointConventionBuilder>? conventions = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<Sales>();
        DirectoryInfo? folder = hasJournal ? Directory.CreateTempSubdirectory("ryuso-") : null;
        builder.Services.AddRyuso<KioskOrchestrator>(options =>
        {
            options.Server.ListensOnSocket = false;
            if (folder is not null)
            {
                options.Server.UseSqliteJournal(Path.Combine(folder.FullName, "kiosk.ryuso.db"));
            }

            ryuso?.Invoke(options);
        });
        build?.Invoke(builder);
        WebApplication app = builder.Build();
        use?.Invoke(app);
        IEndpointConventionBuilder mapped = app.MapRyuso<KioskOrchestrator>("/programs", http);
        conventions?.Invoke(mapped);
        await app.StartAsync(Cancel);
        var kiosk = new WebKiosk(app, folder);
        kiosk.Client.BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return kiosk;
    }

    public Task<Answer> BuyAsync(string how = "well", string? key = null, int cents = 5, string customer = "ada") =>
        PostAsync("/programs/buy", new JsonObject { ["customer"] = customer, ["cents"] = cents, ["how"] = how }.ToJsonString(), key);

    public Task<Answer> PostAsync(string path, string body, string? key = null, string type = "application/json") =>
        SendAsync(HttpMethod.Post, path, new StringContent(body, Encoding.UTF8, type), key);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        using HttpResponseMessage response = await Client.SendAsync(request, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        return new Answer(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase),
            text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject(),
            text);
    }

    public async ValueTask DisposeAsync()
    {
        // A test that failed has left its run waiting.
        Sales.GoOn.TrySetResult();
        Client.Dispose();
        await _app.DisposeAsync();
        _folder?.Delete(recursive: true);
    }
}

/// <summary>What came back.</summary>
internal sealed record Answer(int Status, string? MediaType, Dictionary<string, string> Headers, JsonObject Body, string Text)
{
    public string? Type => (string?)Body["type"];

    public string? Code => (string?)Body["code"];

    public string[] Rectified => [.. Body["rectified"]!.AsArray().Select(n => (string)n!)];

    public string? RunId => Headers.GetValueOrDefault("Ryuso-Run-Id");
}
