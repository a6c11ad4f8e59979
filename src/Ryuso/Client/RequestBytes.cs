using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ryuso.Json;

namespace Ryuso.Client;

/// <summary>Writes requests as they go over the wire, each with a newline at its end.</summary>
internal static class RequestBytes
{
    public static byte[] OfOperation(long id, string operation, string? token)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (Utf8JsonWriter writer = Begin(buffer, id, token))
        {
            writer.WriteString("op"u8, operation);
            writer.WriteEndObject();
        }

        return End(buffer);
    }

    public static byte[] OfRun(long id, string? token, string program, JsonObject? dataPool, CallOptions? options, string runId)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (Utf8JsonWriter writer = Begin(buffer, id, token))
        {
            writer.WriteString("program"u8, program);
            writer.WriteString("run_id"u8, runId);
            if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } traceParent })
            {
                writer.WriteString("traceparent"u8, traceParent);
            }

            if (options?.DeadlineMs is { } deadline)
            {
                writer.WriteNumber("deadline_ms"u8, deadline);
            }

            Write(writer, "data_pool", dataPool);
            Write(writer, "metadata", options?.Metadata);
            writer.WriteEndObject();
        }

        return End(buffer);
    }

    private static Utf8JsonWriter Begin(ArrayBufferWriter<byte> buffer, long id, string? token)
    {
        var writer = new Utf8JsonWriter(buffer, JsonBytes.WriterOptions);
        writer.WriteStartObject();
        writer.WriteNumber("id"u8, id);
        if (token is not null)
        {
            writer.WriteString("auth"u8, token);
        }

        return writer;
    }

    private static void Write(Utf8JsonWriter writer, string key, JsonObject? variables)
    {
        if (variables is { Count: > 0 })
        {
            writer.WritePropertyName(key);
            variables.WriteTo(writer);
        }
    }

    private static byte[] End(ArrayBufferWriter<byte> buffer)
    {
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}
