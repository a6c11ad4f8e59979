using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Ryuso.Definitions;

namespace Ryuso.AspNetCore;

/// <summary>Reads the data pool of a request.</summary>
internal static class PoolBody
{
    private static readonly byte[] s_empty = "{}"u8.ToArray();

    /// <summary>Reads the body whole; a problem where it is too long or of another kind.</summary>
    public static async ValueTask<(ReadOnlyMemory<byte> Pool, Problem? Problem)> ReadAsync(HttpContext context, int maxBytes)
    {
        HttpRequest request = context.Request;
        if (FindTypeProblem(request) is { } other)
        {
            return (default, other);
        }

        if (request.ContentLength > maxBytes)
        {
            return (default, TooLarge(maxBytes));
        }

        var body = new ArrayBufferWriter<byte>();
        try
        {
            while (true)
            {
                ReadResult read = await request.BodyReader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                {
                    if (body.WrittenCount + (long)part.Length > maxBytes)
                    {
                        request.BodyReader.AdvanceTo(read.Buffer.End);
                        return (default, TooLarge(maxBytes));
                    }

                    body.Write(part.Span);
                }

                request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (BadHttpRequestException exception)
        {
            // The web server's own limits: too large, or not sent in time.
            return (default, new Problem(exception.StatusCode, exception.StatusCode == 413 ? "too-large" : "bad-request", exception.Message));
        }

        return (body.WrittenCount == 0 ? s_empty : body.WrittenMemory, null);
    }

    /// <summary>
    /// Magic variables are the server's to set, so that a hook can trust them. What is JSON and no object is refused by the orchestrator.
    /// </summary>
    public static Problem? FindMagic(ReadOnlySpan<byte> pool, ProgramDefinition program)
    {
        try
        {
            var reader = new Utf8JsonReader(pool);
            reader.Read();
            while (reader.TokenType != JsonTokenType.None && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                if (name.StartsWith('_') && !program.Args.Any(arg => arg.Name == name))
                {
                    return new Problem(400, "bad-request", $"'{name}' begins with an underscore: such variables are set by the server. Leave it out of the body.");
                }

                reader.Skip();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Refused here: what was not read to its end may hold such a variable.
            return new Problem(400, "bad-request", $"The body is not valid JSON: {exception.Message}");
        }

        return null;
    }

    private static Problem? FindTypeProblem(HttpRequest request)
    {
        bool isEmpty = request.ContentLength is null or 0 && request.ContentType is null && request.Headers.TransferEncoding.Count == 0;
        bool isJson = request.HasJsonContentType()
            && MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));
        return !isEmpty && !isJson
            ? new Problem(415, "unsupported-media-type", "The body must be JSON in UTF-8: send 'Content-Type: application/json'.")
            : request.Headers.ContentEncoding.Count > 0
                ? new Problem(415, "unsupported-media-type", "The body must not be compressed, unless the application adds UseRequestDecompression().")
                : null;
    }

    private static Problem TooLarge(int maxBytes) =>
        new(413, "too-large", $"The body is longer than {maxBytes} bytes. Send less, or have MaxRequestBytes raised.");
}
