using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ryuso.Sqlite;

/// <summary>A run's keys as they stand in the file: a JSON array of strings.</summary>
internal static class RunKeys
{
    public static string? Write(IReadOnlyList<string>? keys) => keys is null ? null : JsonSerializer.Serialize([.. keys], KeysJson.Default.StringArray);

    /// <exception cref="JsonException">The text is no array of strings.</exception>
    public static string[]? Read(string? json) => json is null ? null : JsonSerializer.Deserialize(json, KeysJson.Default.StringArray);
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class KeysJson : JsonSerializerContext;
