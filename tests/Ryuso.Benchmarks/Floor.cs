using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bank;

namespace Ryuso.Benchmarks;

/// <summary>What one would write by hand for one program: a reader switch, three calls, a writer. No pool, no rectifiers, no trace, no lane.</summary>
#pragma warning disable CA1001 // The writer holds no resource: it writes to memory.
internal sealed class Floor
#pragma warning restore CA1001
{
    private readonly Desk _desk = new();
    private readonly Utf8JsonWriter _writer = new(Stream.Null, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public void Run(ReadOnlySpan<byte> request, IBufferWriter<byte> answer)
    {
        string? from = null, to = null;
        long amount = 0;
        double rate = 0;
        bool urgent = false;
        var reader = new Utf8JsonReader(request);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("program"u8))
            {
                reader.Read();
                if (!reader.ValueTextEquals("move"u8) && !reader.ValueTextEquals("move_refused"u8) && !reader.ValueTextEquals("move_thrown"u8))
                {
                    throw new InvalidOperationException();
                }
            }
            else if (reader.ValueTextEquals("data_pool"u8))
            {
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    if (reader.ValueTextEquals("from"u8))
                    {
                        reader.Read();
                        from = reader.GetString();
                    }
                    else if (reader.ValueTextEquals("to"u8))
                    {
                        reader.Read();
                        to = reader.GetString();
                    }
                    else if (reader.ValueTextEquals("amount"u8))
                    {
                        reader.Read();
                        amount = reader.GetInt64();
                    }
                    else if (reader.ValueTextEquals("rate"u8))
                    {
                        reader.Read();
                        rate = reader.GetDouble();
                    }
                    else if (reader.ValueTextEquals("urgent"u8))
                    {
                        reader.Read();
                        urgent = reader.GetBoolean();
                    }
                    else
                    {
                        reader.Skip();
                    }
                }
            }
            else
            {
                reader.Skip();
            }
        }

        double fee = Desk.Check(new(amount, rate, urgent)).Fee;
        long fromBalance = _desk.Debit(new(from!, amount)).FromBalance;
        long toBalance = _desk.Credit(new(to!, amount)).ToBalance;
        _writer.Reset(answer);
        _writer.WriteStartObject();
        _writer.WriteNumber("from_balance"u8, fromBalance);
        _writer.WriteNumber("to_balance"u8, toBalance);
        _writer.WriteNumber("fee"u8, fee);
        _writer.WriteEndObject();
        _writer.Flush();
    }
}
