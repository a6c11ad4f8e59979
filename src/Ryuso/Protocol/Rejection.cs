using System.Buffers;
using System.Text.Json;
using Ryuso.Json;
using Ryuso.Telemetry;
using Ryuso.Values;

namespace Ryuso.Protocol;

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
    public const string Quarantined = "quarantined";

    public static void Write(IBufferWriter<byte> answer, string code, string message)
    {
        Instruments.CountRejection(code);
        using var writer = new Utf8JsonWriter(answer, JsonBytes.WriterOptions);
        writer.WriteStartObject();
        writer.WriteString(ReservedNames.ServerError, message);
        writer.WriteString(ReservedNames.ErrorCode, code);
        writer.WriteBoolean(ReservedNames.ProgramFail, true);
        writer.WriteEndObject();
    }
}
