using Npgsql;

namespace Ryuso.PostgreSql;

internal static class DataReaderExtensions
{
    public static string? Text(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
