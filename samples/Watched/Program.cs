using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Shop;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddSingleton<Stock>();
builder.Services.AddRyuso<ShopOrchestrator>(ryuso => ryuso.Server.Started = server => Console.WriteLine($"Serving on {server}."));

int metrics = builder.Configuration.GetValue("Prometheus:Port", 9464);
OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
    .WithTracing(tracing => tracing.AddSource("Ryuso"))
    .WithMetrics(meters => meters.AddMeter("Ryuso").AddPrometheusHttpListener(listener => (listener.Host, listener.Port) = ("127.0.0.1", metrics)));
if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not null)
{
    telemetry.UseOtlpExporter();
}

await builder.Build().RunAsync();
