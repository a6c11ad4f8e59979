using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Ryuso.Spec.Model;
using Ryuso.Tests.Running;

namespace Ryuso.Cli.Tests;

/// <summary>A server of one request per line, as the wire's kept connections are, around hooks that are lambdas.</summary>
internal sealed class ContractServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _spec;
    private readonly SpecOrchestrator _orchestrator;
    private readonly string? _token;
    private readonly Task _accepting;

    public ContractServer(string spec, Func<string, DataPool, HookResult> hook, string? token = null)
    {
        _spec = spec;
        _orchestrator = SpecOrchestrator.Of(spec, hook);
        _token = token;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>The last request that was no describe.</summary>
    public JsonObject? LastRequest { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            using var reader = new StreamReader(client.GetStream());
            try
            {
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(await AnswerAsync((JsonObject)JsonNode.Parse(line)!) + "\n"), _stop.Token);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                // The test is over, or the client has gone.
            }
        }
    }

    private async Task<string> AnswerAsync(JsonObject request)
    {
        JsonObject answer;
        if (_token is not null && (string?)request["auth"] != _token)
        {
            answer = new JsonObject { ["_server_error"] = "The token is wrong.", ["_error_code"] = "unauthorized", ["_program_fail"] = true };
        }
        else if ((string?)request["op"] == "ping")
        {
            answer = new JsonObject { ["_pong"] = true };
        }
        else if ((string?)request["op"] == "describe")
        {
            answer = Describe();
        }
        else
        {
            LastRequest = request;
            answer = await _orchestrator.AnswerAsync((string)request["program"]!, request["data_pool"]!.ToJsonString(), request["metadata"]?.ToJsonString() ?? "{}");
        }

        answer.Insert(0, "_id", request["id"]!.DeepClone());
        return answer.ToJsonString();
    }

    private JsonObject Describe()
    {
        SpecModel model = Ryuso.Spec.SpecReader.Read(_spec).Model!;
        var programs = new JsonObject();
        foreach (ProgramModel program in model.Programs)
        {
            programs[program.Name] = new JsonObject { ["description"] = program.Description, ["args"] = Args(program.Args), ["outputs"] = Args(program.Outputs) };
        }

        return new JsonObject { ["name"] = model.Name, ["version"] = model.Version, ["programs"] = programs };
    }

    private static JsonObject Args(IEnumerable<ArgModel> args)
    {
        var json = new JsonObject();
        foreach (ArgModel arg in args)
        {
            json[arg.Name] = new JsonObject { ["type"] = Plans.ArgText.Type(arg.Type), ["required"] = arg.Required, ["description"] = arg.Description };
            if (arg.Default is not null)
            {
                json[arg.Name]!["default"] = JsonNode.Parse(arg.Default);
            }
        }

        return json;
    }
}
