using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Ryuso.Json;
using Ryuso.Pool;
using Ryuso.Values;

namespace Ryuso.Protocol;

/// <summary>Reads a request's bytes straight into the pool's slots.</summary>
internal static class RequestParser
{
    public const int MaxRunIdLength = 200;

    /// <summary>Each takes some hundred bytes, however short it is in the request.</summary>
    public const int MaxVariables = 65_536;

    /// <summary>Fills the slots; null where the request is good, otherwise what is wrong with it.</summary>
    /// <param name="request">One JSON object.</param>
    /// <param name="slots">Where the variables go.</param>
    /// <param name="programs">The names of the programs.</param>
    /// <param name="program">The program's index; -1 for one that is unknown.</param>
    /// <param name="unknown">The name of an unknown program.</param>
    public static string? Parse(ReadOnlySpan<byte> request, PoolSlots slots, Utf8NameTable programs, out int program, out string? unknown)
    {
        program = -1;
        unknown = null;
        if (request.StartsWith("\uFEFF"u8))
        {
            request = request[3..];
        }

        if (!Utf8.IsValid(request))
        {
            return "The request is not valid UTF-8.";
        }

        var plain = new FastRequestParser(request, slots);
        if (plain.TryParse(programs) && plain.Length == request.Length)
        {
            program = plain.Program;
            return null;
        }

        slots.Clear();
        return ParseAny(request, slots, programs, ref program, ref unknown);
    }

    /// <summary>Defines what a good request is.</summary>
    internal static string? ParseAny(ReadOnlySpan<byte> request, PoolSlots slots, Utf8NameTable programs, ref int program, ref string? unknown)
    {
        try
        {
            return ParseObject(request, slots, programs, ref program, ref unknown);
        }
        catch (JsonException exception)
        {
            return $"The request is not valid JSON: {exception.Message}";
        }
        catch (InvalidOperationException)
        {
            // The reader's own word for an escaped surrogate without its partner.
            return "The request is not valid JSON: a string holds half of a surrogate pair.";
        }
    }

    private static string? ParseObject(ReadOnlySpan<byte> request, PoolSlots slots, Utf8NameTable programs, ref int program, ref string? unknown)
    {
        var reader = new Utf8JsonReader(request, new JsonReaderOptions { MaxDepth = JsonDepth.Max });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return "The request must be one JSON object.";
        }

        bool hasProgram = false, hasPool = false, hasMetadata = false, hasRunId = false, hasDeadline = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? problem = null;
            if (reader.ValueTextEquals("program"u8))
            {
                problem = Once(ref hasProgram, "program") ?? ReadProgram(ref reader, programs, ref program, ref unknown);
            }
            else if (reader.ValueTextEquals("data_pool"u8))
            {
                problem = Once(ref hasPool, "data_pool") ?? ReadVariables(ref reader, request, slots, "data_pool", isMetadata: false);
            }
            else if (reader.ValueTextEquals("metadata"u8))
            {
                problem = Once(ref hasMetadata, "metadata") ?? ReadVariables(ref reader, request, slots, "metadata", isMetadata: true);
            }
            else if (reader.ValueTextEquals("run_id"u8))
            {
                problem = Once(ref hasRunId, "run_id") ?? ReadRunId(ref reader, slots);
            }
            else if (reader.ValueTextEquals("deadline_ms"u8))
            {
                problem = Once(ref hasDeadline, "deadline_ms") ?? ReadDeadline(ref reader, slots);
            }
            else if (reader.ValueTextEquals("traceparent"u8))
            {
                reader.Read();
                slots.TraceParent = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }

            if (problem is not null)
            {
                return problem;
            }
        }

        return hasProgram ? null : "The request names no program: add \"program\": \"NAME\".";
    }

    private static string? Once(ref bool seen, string key)
    {
        bool before = seen;
        seen = true;
        return before ? $"Duplicate key '{key}' in the request." : null;
    }

    private static string? ReadProgram(ref Utf8JsonReader reader, Utf8NameTable programs, ref int program, ref string? unknown)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            return "'program' must be a string: the name of the program to run.";
        }

        program = reader.ValueIsEscaped ? programs.Find(Encoding.UTF8.GetBytes(reader.GetString()!)) : programs.Find(reader.ValueSpan);
        unknown = program < 0 ? reader.GetString() : null;
        return null;
    }

    private static string? ReadRunId(ref Utf8JsonReader reader, PoolSlots slots)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.String || reader.GetString() is not { Length: > 0 and <= MaxRunIdLength } runId)
        {
            return $"'run_id' must be a string of 1 to {MaxRunIdLength} characters.";
        }

        if (runId.Any(IsInvisible))
        {
            return "'run_id' must have no control or formatting characters: it is shown to operators.";
        }

        slots.SetRunId(runId);
        return null;
    }

    private static string? ReadDeadline(ref Utf8JsonReader reader, PoolSlots slots)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int milliseconds) || milliseconds < 1)
        {
            // A list or dict is not skipped: nothing of the request is read after this.
            return $"'deadline_ms' must be an integer from 1 to {int.MaxValue}: the milliseconds within which the run must begin.";
        }

        slots.DeadlineMs = milliseconds;
        return null;
    }

    /// <summary>Whether a character acts on a terminal, or on the text around it, instead of being shown.</summary>
    private static bool IsInvisible(char c) => char.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary>Clients of the original may send any of these for no metadata: to Python they are false.</summary>
    private static bool IsFalsy(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.False => true,
        JsonTokenType.String => reader.ValueSpan.IsEmpty,
        JsonTokenType.Number => reader.TryGetDouble(out double number) && number == 0,
        JsonTokenType.StartArray => reader.Read() && reader.TokenType == JsonTokenType.EndArray,
        _ => false,
    };

    private static string? ReadVariables(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> request, PoolSlots slots, string key, bool isMetadata)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return isMetadata && IsFalsy(ref reader) ? null : $"'{key}' must be a JSON object.";
        }

        for (int count = 1; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; count++)
        {
            if (count > MaxVariables)
            {
                return $"'{key}' has more than {MaxVariables} variables; put them into a dict or a list.";
            }

            int slot = isMetadata || reader.ValueIsEscaped ? -1 : slots.Find(reader.ValueSpan);
            string? name = null;
            if (slot < 0)
            {
                name = reader.GetString()!;
                name = isMetadata && !name.StartsWith('_') ? "_" + name : name;
                slot = slots.Find(name);
            }

            reader.Read();
            if (!(slot < 0 ? slots.TryAssign(name!, PoolValue.Read(ref reader, request), isMetadata) : slots.TryAssign(slot, ref reader, request, isMetadata)))
            {
                return $"Duplicate variable '{name ?? slots.NameOf(slot)}' in the request.";
            }
        }

        return null;
    }
}
