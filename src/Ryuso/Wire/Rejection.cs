using System.Buffers;
using System.Text.Json;

namespace Ryuso;

/// <summary>The answer to a request of which nothing ran.</summary>
internal static class Rejection
{
    public const string BadRequest = "bad_request";
    public const string TooLarge = "too_large";
    public const string Unauthorized = "unauthorized";
    public const string UnknownProgram = "unknown_program";
    public const string InvalidArguments = "invalid_arguments";
    public const string Busy = "busy";
    public const string ShuttingDown = "shutting_down";
    public const string Timeout = "timeout";
    public const string Internal = "internal";

    public static void Write(IBufferWriter<byte> answer, string code, string message)
    {
        Instruments.Rejections.Add(1, new KeyValuePair<string, object?>("ryuso.code", code));
        using var writer = new Utf8JsonWriter(answer, JsonBytes.WriterOptions);
        writer.WriteStartObject();
        writer.WriteString(MagicNames.ServerError, message);
        writer.WriteString(MagicNames.ErrorCode, code);
        writer.WriteBoolean(MagicNames.ProgramFail, true);
        writer.WriteEndObject();
    }
}
