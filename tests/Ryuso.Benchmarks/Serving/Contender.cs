namespace Ryuso.Benchmarks.Serving;

/// <summary>What is sent to a server and how its answers end.</summary>
internal enum Wire
{
    /// <summary>JSON objects; an answer ends with a newline on a kept connection, otherwise with the stream.</summary>
    Json,

    /// <summary>HTTP/1.1.</summary>
    Http,

    /// <summary>JSON-RPC 2.0 with Content-Length headers.</summary>
    Rpc,
}

/// <summary>One server in one process of its own.</summary>
/// <param name="Name">The name in the table, and on the child's command line.</param>
/// <param name="Wire">How one speaks to it.</param>
/// <param name="Serves">Which ways of using a connection it takes.</param>
internal sealed record Contender(string Name, Wire Wire, Mode[] Serves)
{
    public static readonly Contender[] All =
    [
        new("ryuso", Wire.Json, [Mode.OneShot, Mode.Kept, Mode.Pipelined]),
        new("ryuso-keyed", Wire.Json, [Mode.OneShot, Mode.Kept, Mode.Pipelined]),
        new("ryuso-failure", Wire.Json, [Mode.OneShot, Mode.Kept, Mode.Pipelined]),
        new("echo-blocking", Wire.Json, [Mode.OneShot]),
        new("echo-events", Wire.Json, [Mode.Kept, Mode.Pipelined]),
        new("echo-inline", Wire.Json, [Mode.Kept, Mode.Pipelined]),
        new("minimal-api", Wire.Http, [Mode.OneShot, Mode.Kept]),
        new("stream-json-rpc", Wire.Rpc, [Mode.Kept, Mode.Pipelined]),
    ];

    /// <param name="mode">How the connection is used.</param>
    /// <param name="connection">Its number: each moves money of its own account.</param>
    public byte[] Request(Mode mode, int connection)
    {
        string arguments = $$"""{"from":"alice{{connection:D3}}","to":"bob","amount":5,"rate":0.125,"urgent":true}""";
        string body = Wire == Wire.Http ? arguments
            : Wire == Wire.Rpc ? $$"""{"jsonrpc":"2.0","id":1,"method":"move","params":{{arguments}}}"""
            : $$"""{{{(mode == Mode.OneShot ? "" : "\"id\":1,")}}"program":"{{(Name == "ryuso-failure" ? "move_refused" : "move")}}","data_pool":{{arguments}}}""";
        string ending = Wire == Wire.Json && mode != Mode.OneShot ? "\n" : "";
        string head = Wire switch
        {
            Wire.Http => $"POST /move HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{(mode == Mode.OneShot ? "Connection: close\r\n" : "")}\r\n",
            Wire.Rpc => $"Content-Length: {body.Length}\r\n\r\n",
            _ => "",
        };
        return System.Text.Encoding.ASCII.GetBytes(head + body + ending);
    }
}

/// <summary>How a client uses its connections.</summary>
internal enum Mode
{
    /// <summary>Connect, ask, read to the end, close.</summary>
    OneShot,

    /// <summary>One request in flight on a connection that stays.</summary>
    Kept,

    /// <summary>Thirty-two requests in flight.</summary>
    Pipelined,
}
