using System.Text.Json;
using System.Text.Unicode;

namespace Ryuso;

/// <summary>Reads a request's bytes straight into the pool's slots.</summary>
internal static class RequestReader
{
    private const int MaxDepth = 64;

    /// <summary>Fills the slots; null where the request is good, otherwise what is wrong with it.</summary>
    public static string? Read(ReadOnlySpan<byte> request, PoolSlots slots, out string? program)
    {
        program = null;
        if (request.StartsWith("\uFEFF"u8))
        {
            request = request[3..];
        }

        if (!Utf8.IsValid(request))
        {
            return "The request is not valid UTF-8.";
        }

        try
        {
            return ReadObject(request, slots, ref program);
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

    private static string? ReadObject(ReadOnlySpan<byte> request, PoolSlots slots, ref string? program)
    {
        var reader = new Utf8JsonReader(request, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return "The request must be one JSON object.";
        }

        bool hasProgram = false, hasPool = false, hasMetadata = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? problem = null;
            if (reader.ValueTextEquals("program"u8))
            {
                problem = Once(ref hasProgram, "program") ?? ReadProgram(ref reader, ref program);
            }
            else if (reader.ValueTextEquals("data_pool"u8))
            {
                problem = Once(ref hasPool, "data_pool") ?? ReadVariables(ref reader, slots, "data_pool", isMetadata: false);
            }
            else if (reader.ValueTextEquals("metadata"u8))
            {
                problem = Once(ref hasMetadata, "metadata") ?? ReadVariables(ref reader, slots, "metadata", isMetadata: true);
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

        return program is null ? "The request names no program: add \"program\": \"NAME\"." : null;
    }

    private static string? Once(ref bool seen, string key)
    {
        bool before = seen;
        seen = true;
        return before ? $"The key '{key}' stands twice in the request." : null;
    }

    private static string? ReadProgram(ref Utf8JsonReader reader, ref string? program)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            return "'program' must be a string: the name of the program to run.";
        }

        program = reader.GetString();
        return null;
    }

    private static string? ReadVariables(ref Utf8JsonReader reader, PoolSlots slots, string key, bool isMetadata)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return $"'{key}' must be a JSON object.";
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (isMetadata && !name.StartsWith('_'))
            {
                name = "_" + name;
            }

            reader.Read();
            if (!slots.TryFill(name, PoolValue.Read(ref reader)))
            {
                return $"The request names the variable '{name}' twice.";
            }
        }

        return null;
    }
}
