using System.Text;
using System.Text.Json.Nodes;

namespace Ryuso.Tests.Client;

/// <summary>Servers that answer in odd ways, wrongly, too much or not at all.</summary>
public sealed class HostileServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answer_in_any_segments_is_taken()
    {
        const int Requests = 4;
        for (int size = 1; size < 40; size++)
        {
            await using FakeServer server = FakeServer.Start(async connection =>
            {
                await connection.LetInAsync();
                var answers = new StringBuilder();
                for (int i = 0; i < Requests; i++)
                {
                    answers.Append(FakeConnection.Echo(await connection.ReadAsync()));
                }

                foreach (byte[] piece in Encoding.UTF8.GetBytes(answers.ToString()).Chunk(size))
                {
                    await connection.SendAsync(piece);
                }

                await connection.EchoAsync();
            });
            await using RyusoClient client = server.Connect();
            Task<JsonObject>[] asked = [.. Enumerable.Range(0, Requests).Select(i => client.RunAsync("echo", Text($"ä{i}"), cancellationToken: Cancel))];
            for (int i = 0; i < Requests; i++)
            {
                Assert.Equal($"ä{i}", (string?)(await asked[i])["text"]);
            }

            Assert.Equal("more", (string?)(await client.RunAsync("echo", Text("more"), cancellationToken: Cancel))["text"]);
        }
    }

    [Fact]
    public async Task Connection_cut_within_an_answer_leaves_the_outcome_unknown_and_the_next_call_works()
    {
        int length = FakeConnection.Echo((JsonObject)JsonNode.Parse("""{"id":1,"data_pool":{"text":"first"}}""")!).Length;
        for (int cut = 0; cut < length; cut++)
        {
            await using FakeServer server = FakeServer.Start(async connection =>
            {
                await connection.LetInAsync();
                if (connection.Number > 1)
                {
                    await connection.EchoAsync();
                }

                await connection.SendAsync(FakeConnection.Echo(await connection.ReadAsync())[..cut]);
                if (cut % 2 == 0)
                {
                    connection.Reset();
                }
            });
            await using RyusoClient client = server.Connect();
            OutcomeUnknownException unknown = await Assert.ThrowsAsync<OutcomeUnknownException>(
                () => client.RunAsync("echo", Text("first"), new CallOptions { RunId = $"cut {cut}" }, Cancel));
            Assert.Equal($"cut {cut}", unknown.RunId);
            Assert.Equal("second", (string?)(await client.RunAsync("echo", Text("second"), cancellationToken: Cancel))["text"]);
        }
    }

    [Fact]
    public async Task Handshake_cut_at_any_byte_is_repeated()
    {
        const string Greeting = """{"_id":0,"name":"Fake","programs":{}}""" + "\n";
        for (int cut = 0; cut < Greeting.Length; cut++)
        {
            await using FakeServer server = FakeServer.Start(async connection =>
            {
                if (connection.Number == 1)
                {
                    await connection.ReadAsync();
                    await connection.SendAsync(Greeting[..cut]);
                    return;
                }

                await connection.LetInAsync();
                await connection.EchoAsync();
            });
            await using RyusoClient client = server.Connect();
            await client.PingAsync(Cancel);
            Assert.Equal(2, server.Accepted);
        }
    }

    [Theory]
    [InlineData("garbage\n")]
    [InlineData("""{"_id":1,"text":]}""" + "\n")]
    [InlineData("""{"_id":1,"text":"a","text":"b"}""" + "\n")]
    [InlineData("""{"_id":2,"text":"another's"}""" + "\n")]
    [InlineData("""{"_id":11,"text":"another's"}""" + "\n")]
    [InlineData("""{"text":"nobody's"}""" + "\n")]
    [InlineData("[1]\n")]
    [InlineData("\n")]
    public async Task Wrong_answer_is_refused_and_the_request_is_not_repeated(string answer)
    {
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync("journal");
            if (connection.Number > 1)
            {
                await connection.EchoAsync();
            }

            await connection.ReadAsync();
            await connection.SendAsync(answer);
            await connection.EchoAsync();
        });
        await using RyusoClient client = server.Connect();
        OutcomeUnknownException unknown = await Assert.ThrowsAsync<OutcomeUnknownException>(() => client.RunAsync("echo", Text("first"), cancellationToken: Cancel));
        Assert.IsType<InvalidDataException>(unknown.InnerException);
        Assert.Equal("second", (string?)(await client.RunAsync("echo", Text("second"), cancellationToken: Cancel))["text"]);
        Assert.Equal(2, server.Accepted);
    }

    [Fact]
    public async Task Answer_without_a_request_ends_the_connection()
    {
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            await connection.SendAsync(FakeConnection.Echo(await connection.ReadAsync()) + """{"_id":99,"text":"before its time"}""" + "\n");
            await connection.EchoAsync();
        });
        await using RyusoClient client = server.Connect();
        for (int i = 0; i < 3; i++)
        {
            // What came too early must not become the answer of the next; that one may find the connection ending.
            try
            {
                Assert.Equal($"{i}", (string?)(await client.RunAsync("echo", Text($"{i}"), cancellationToken: Cancel))["text"]);
            }
            catch (OutcomeUnknownException)
            {
                Assert.True(i > 0);
            }
        }

        Assert.InRange(server.Accepted, 2, 4);
    }

    [Fact]
    public async Task Silent_server_costs_a_caller_its_limit_and_nothing_more()
    {
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            JsonObject first = await connection.ReadAsync();
            received.SetResult();
            JsonObject second = await connection.ReadAsync();
            await connection.SendAsync(FakeConnection.Echo(first) + FakeConnection.Echo(second));
            await connection.EchoAsync();
        });
        await using RyusoClient client = server.Connect();
        using var impatient = new CancellationTokenSource();
        Task<JsonObject> given = client.RunAsync("echo", Text("first"), cancellationToken: impatient.Token);
        await received.Task.WaitAsync(Cancel);
        await impatient.CancelAsync();
        Assert.Equal(impatient.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given)).CancellationToken);
        Assert.Equal("second", (string?)(await client.RunAsync("echo", Text("second"), cancellationToken: Cancel))["text"]);
        Assert.Equal("third", (string?)(await client.RunAsync("echo", Text("third"), cancellationToken: Cancel))["text"]);
        Assert.Equal(1, server.Accepted);
    }

    [Fact]
    public async Task Answer_of_the_maximum_length_is_taken()
    {
        const int Length = 3_000_000;
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.LetInAsync();
            JsonObject request = await connection.ReadAsync();
            string head = $$"""{"_id":{{request["id"]}},"text":""" + "\"";
            await connection.SendAsync(head + new string('x', Length - head.Length - 2) + "\"}\n");
            await connection.EchoAsync();
        });
        await using RyusoClient client = server.Connect(o => o.MaxAnswerBytes = Length);
        Assert.InRange(((string)(await client.RunAsync("echo", cancellationToken: Cancel))["text"]!).Length, Length - 30, Length);
        Assert.Equal("small", (string?)(await client.RunAsync("echo", Text("small"), cancellationToken: Cancel))["text"]);
    }

    [Fact]
    public async Task Server_of_another_kind_is_reported_at_once()
    {
        await using FakeServer server = FakeServer.Start(async connection =>
        {
            await connection.ReadAsync();
            await connection.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n");
        });
        await using RyusoClient client = server.Connect();
        ServerUnreachableException told = await Assert.ThrowsAsync<ServerUnreachableException>(() => client.PingAsync(Cancel));
        Assert.StartsWith($"There is no connection to 127.0.0.1:{server.Port}: The server's answer is not valid JSON.", told.Message, StringComparison.Ordinal);
        Assert.Equal(1, server.Accepted);
    }

    private static JsonObject Text(string text) => new() { ["text"] = text };
}
