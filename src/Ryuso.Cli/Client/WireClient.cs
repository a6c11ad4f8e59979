using System.Net.Sockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ryuso.Cli.Client;

/// <summary>One kept connection to a server: a question, its answer, the next question.</summary>
internal sealed class WireClient : IDisposable
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Endpoint _server;
    private readonly string? _token;
    private readonly Socket _socket;
    private readonly MemoryStream _received = new();
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _asked;

    private WireClient(Endpoint server, string? token, Socket socket)
    {
        _server = server;
        _token = token;
        _socket = socket;
    }

    public static async Task<WireClient> ConnectAsync(Endpoint server, string? token, CancellationToken cancel) =>
        new(server, token, await server.ConnectAsync(cancel));

    public static byte[] Serialize(JsonObject request) => [.. JsonSerializer.SerializeToUtf8Bytes(request, s_json), (byte)'\n'];

    /// <summary>Asks for an operation that is no run.</summary>
    public Task<JsonObject> AskAsync(string operation, CancellationToken cancel) => AskAsync(new JsonObject { ["op"] = operation }, cancel);

    /// <summary>Sends a request and gives its answer, without the <c>_id</c> that they share.</summary>
    public async Task<JsonObject> AskAsync(JsonObject request, CancellationToken cancel)
    {
        request["id"] = ++_asked;
        if (_token is not null)
        {
            request["auth"] = _token;
        }

        try
        {
            await _socket.SendAsync(Serialize(request), cancel);
            JsonObject answer = Parse(await ReceiveAsync(cancel));
            if (answer.TryGetPropertyValue("_id", out JsonNode? id) && !JsonNode.DeepEquals(id, _asked))
            {
                throw new NoAnswerException($"{_server} answered another question than the one that was asked.");
            }

            answer.Remove("_id");
            return answer;
        }
        catch (SocketException exception)
        {
            throw new NoAnswerException($"The connection to {_server} broke: {exception.Message}.");
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _received.Dispose();
    }

    /// <summary>Reads to the newline, or to the end of the stream from a server that knows no kept connections.</summary>
    private async Task<ReadOnlyMemory<byte>> ReceiveAsync(CancellationToken cancel)
    {
        _received.SetLength(0);
        while (true)
        {
            int count = await _socket.ReceiveAsync(_buffer, cancel);
            _received.Write(_buffer, 0, count);
            if (count == 0 && _received.Length == 0)
            {
                throw new NoAnswerException($"{_server} closed the connection without an answer.");
            }

            // Nothing else is in flight, so nothing comes behind the newline.
            if (count == 0 || _buffer[count - 1] == '\n')
            {
                return _received.GetBuffer().AsMemory(0, (int)_received.Length);
            }
        }
    }

    private JsonObject Parse(ReadOnlyMemory<byte> answer)
    {
        try
        {
            return JsonNode.Parse(answer.Span) as JsonObject ?? throw new NoAnswerException($"{_server} did not answer with a JSON object. Is it a Ryuso server?");
        }
        catch (JsonException)
        {
            throw new NoAnswerException($"{_server} did not answer with JSON. Is it a Ryuso server?");
        }
    }
}
