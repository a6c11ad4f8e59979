using System.Buffers;
using System.Text.Json;
using Ryuso.Definitions;
using Ryuso.Json;
using Ryuso.Values;

namespace Ryuso.Protocol;

/// <summary>The answer to <c>describe</c>: the spec's name, its version and its programs with their keys, args and outputs; and the journal, so that clients know where a run would be found again.</summary>
internal static class SpecDescription
{
    public static byte[] Of(SpecDefinition spec, string? journal)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonBytes.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, spec.Name);
            WriteOptional(writer, "version", spec.Version);
            WriteOptional(writer, "journal", journal);
            writer.WriteStartObject("programs"u8);
            foreach (ProgramDefinition program in spec.Programs)
            {
                writer.WriteStartObject(program.Name);
                WriteOptional(writer, "description", program.Description);
                WriteKey(writer, program);
                WriteArgs(writer, "args", program.Args);
                WriteArgs(writer, "outputs", program.Outputs);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteKey(Utf8JsonWriter writer, ProgramDefinition program)
    {
        if (program.Key is { } key)
        {
            writer.WriteStartArray("key"u8);
            foreach (string name in key)
            {
                writer.WriteStringValue(name);
            }

            writer.WriteEndArray();
            writer.WriteString("when_stuck"u8, program.HoldsKeysWhenStuck ? "hold"u8 : "go_on"u8);
        }
    }

    private static void WriteArgs(Utf8JsonWriter writer, string key, ArgDefinition[] args)
    {
        writer.WriteStartObject(key);
        foreach (ArgDefinition arg in args)
        {
            WriteArg(writer, arg.Name, arg.Shape with { Default = arg.Default, Description = arg.Description });
        }

        writer.WriteEndObject();
    }

    private static void WriteArg(Utf8JsonWriter writer, string name, FieldDefinition arg)
    {
        writer.WriteStartObject(name);
        writer.WriteString("type"u8, arg.Type.ToSpecName());
        writer.WriteBoolean("required"u8, arg.Required);
        if (arg.Default is not null)
        {
            writer.WritePropertyName("default"u8);
            writer.WriteRawValue(arg.Default);
        }

        if (arg.Items is { Fields: null } plain)
        {
            writer.WriteString("items"u8, plain.Type.ToSpecName());
        }

        WriteFields(writer, "items", arg.Items?.Fields);
        WriteFields(writer, "fields", arg.Fields);
        WriteOptional(writer, "description", arg.Description);
        writer.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter writer, string key, FieldDefinition[]? fields)
    {
        if (fields is not null)
        {
            writer.WriteStartObject(key);
            foreach (FieldDefinition field in fields)
            {
                WriteArg(writer, field.Name, field);
            }

            writer.WriteEndObject();
        }
    }

    private static void WriteOptional(Utf8JsonWriter writer, string key, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(key, value);
        }
    }
}
