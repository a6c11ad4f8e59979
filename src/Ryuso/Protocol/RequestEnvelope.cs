using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Ryuso.Json;
using Ryuso.Values;

namespace Ryuso.Protocol;

/// <summary>What a request asks for (key <c>op</c>).</summary>
internal enum Operation
{
    Run,
    Ping,
    Describe,
    Lanes,
}

/// <summary>A request's envelope: what the server itself has to know of it.</summary>
internal readonly ref struct RequestEnvelope
{
    private static readonly SearchValues<byte> s_integerBytes = SearchValues.Create("-0123456789"u8);
    private static readonly string[] s_operations = ["run", "ping", "describe", "lanes"];

    /// <summary>The id as it stands in the request; empty where it has none.</summary>
    public ReadOnlySpan<byte> Id { get; private init; }

    /// <summary>The token; empty where it has none.</summary>
    public ReadOnlySpan<byte> Auth { get; private init; }

    public Operation Operation { get; private init; }

    /// <summary>What is wrong with the envelope; null when nothing is.</summary>
    public string? Problem { get; private init; }

    /// <summary>Whether the key belongs to the envelope and not to the run.</summary>
    public static bool IsKey(ReadOnlySpan<byte> key) =>
        key.Length is 2 or 4 && (key.SequenceEqual("id"u8) || key.SequenceEqual("op"u8) || key.SequenceEqual("auth"u8));

    public static RequestEnvelope Read(ReadOnlySpan<byte> request, in EnvelopeOffsets marks)
    {
        if (!marks.HasAny)
        {
            return default;
        }

        if (marks.IsAmbiguous)
        {
            return ReadAll(request);
        }

        if (!TryToken(request, marks.Id, out ReadOnlySpan<byte> id) || !TryToken(request, marks.Op, out ReadOnlySpan<byte> op)
            || !TryToken(request, marks.Auth, out ReadOnlySpan<byte> auth))
        {
            return ReadAll(request);
        }

        return Validate(id, op is [(byte)'"', ..] ? op[1..^1] : op, op.IsEmpty || op[0] == '"', auth is [(byte)'"', ..] ? auth[1..^1] : default);
    }

    /// <summary>The value behind a key as it stands; empty where there is none. False where it has escapes or is not simple.</summary>
    public static bool TryToken(ReadOnlySpan<byte> request, int mark, out ReadOnlySpan<byte> token)
    {
        token = default;
        if (mark == 0)
        {
            return true;
        }

        ReadOnlySpan<byte> rest = request[mark..].TrimStart(" \t\r\n"u8);
        if (rest is not [(byte)':', ..])
        {
            return false;
        }

        rest = rest[1..].TrimStart(" \t\r\n"u8);
        int length;
        if (rest is [(byte)'"', ..])
        {
            length = rest[1..].IndexOfAny((byte)'"', (byte)'\\') + 2;
            if (length < 2 || rest[length - 1] != '"')
            {
                return false;
            }
        }
        else
        {
            length = rest.IndexOfAnyExcept(s_integerBytes);
            if (length <= 0 || rest[length] is not ((byte)',' or (byte)'}' or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                return false;
            }
        }

        token = rest[..length];
        return true;
    }

    /// <summary>Reads the envelope by the rules of JSON; an envelope in something else is empty.</summary>
    private static RequestEnvelope ReadAll(ReadOnlySpan<byte> request)
    {
        ReadOnlySpan<byte> id = default, op = default, auth = default;
        bool opIsText = true;
        try
        {
            var reader = new Utf8JsonReader(request.StartsWith("\uFEFF"u8) ? request[3..] : request, new JsonReaderOptions { MaxDepth = JsonDepth.Max });
            reader.Read();
            bool hasId = false, hasOp = false, hasAuth = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("id"u8))
                {
                    if (hasId)
                    {
                        return new RequestEnvelope { Problem = "Duplicate key 'id' in the request." };
                    }

                    hasId = true;
                    reader.Read();
                    id = Raw(in reader);
                }
                else if (reader.ValueTextEquals("op"u8))
                {
                    if (hasOp)
                    {
                        return new RequestEnvelope { Id = id, Problem = "Duplicate key 'op' in the request." };
                    }

                    hasOp = true;
                    reader.Read();
                    opIsText = reader.TokenType is JsonTokenType.String or JsonTokenType.Null;
                    op = reader.TokenType == JsonTokenType.String ? Encoding.UTF8.GetBytes(reader.GetString()!) : default;
                }
                else if (reader.ValueTextEquals("auth"u8))
                {
                    if (hasAuth)
                    {
                        return new RequestEnvelope { Id = id, Problem = "Duplicate key 'auth' in the request." };
                    }

                    hasAuth = true;
                    reader.Read();
                    auth = reader.TokenType == JsonTokenType.String ? Encoding.UTF8.GetBytes(reader.GetString()!) : default;
                }
                else
                {
                    reader.Skip();
                    continue;
                }

                reader.Skip();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The run's own reader says what is wrong.
            return default;
        }

        return Validate(id, op, opIsText, auth);
    }

    /// <summary>An id's own bytes; for a value that is no id, the first of them.</summary>
    private static ReadOnlySpan<byte> Raw(scoped ref readonly Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => default,
        JsonTokenType.String => JsonBytes.Literal(reader.GetString()!),
        JsonTokenType.Number => reader.ValueSpan,
        _ => "?"u8,
    };

    private static RequestEnvelope Validate(ReadOnlySpan<byte> id, ReadOnlySpan<byte> op, bool opIsText, ReadOnlySpan<byte> auth)
    {
        if (!id.IsEmpty && !IsId(id))
        {
            return new RequestEnvelope { Auth = auth, Problem = "'id' must be a string or an integer." };
        }

        if (op.IsEmpty && opIsText)
        {
            return new RequestEnvelope { Id = id, Auth = auth };
        }

        Operation? operation = op.SequenceEqual("run"u8) ? Operation.Run
            : op.SequenceEqual("ping"u8) ? Operation.Ping
            : op.SequenceEqual("describe"u8) ? Operation.Describe
            : op.SequenceEqual("lanes"u8) ? Operation.Lanes
            : null;
        if (opIsText && operation is { } known)
        {
            return new RequestEnvelope { Id = id, Auth = auth, Operation = known };
        }

        string name = Encoding.UTF8.GetString(op.Length > 64 ? op[..64] : op);
        return new RequestEnvelope
        {
            Id = id,
            Auth = auth,
            Problem = opIsText ? $"There is no operation '{name}'. {NearestName.Suggest(name, s_operations)}" : "'op' must be a string: run, ping, describe or lanes.",
        };
    }

    private static bool IsId(ReadOnlySpan<byte> token)
    {
        if (token[0] == '"')
        {
            return Utf8.IsValid(token);
        }

        ReadOnlySpan<byte> digits = token[0] == '-' ? token[1..] : token;
        return digits.Length > 0 && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9') && (digits.Length == 1 || digits[0] != '0');
    }
}
