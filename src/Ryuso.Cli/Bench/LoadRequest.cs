using System.Buffers.Text;
using System.Text.Json.Nodes;
using Ryuso.Json;

namespace Ryuso.Cli.Bench;

/// <summary>The request that is sent again and again. <c>{n}</c> in a text becomes the number of the request, so that each can be another.</summary>
internal sealed class LoadRequest
{
    private readonly List<byte[]> _parts = [];

    public LoadRequest(JsonObject request)
    {
        ReadOnlySpan<byte> rest = [.. JsonBytes.Of(request), (byte)'\n'];
        while (rest.IndexOf("{n}"u8) is >= 0 and int at)
        {
            _parts.Add(rest[..at].ToArray());
            rest = rest[(at + 3)..];
        }

        _parts.Add(rest.ToArray());
    }

    public void WriteTo(MemoryStream stream, long number)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, digits, out int length);
        for (int i = 0; i < _parts.Count; i++)
        {
            if (i > 0)
            {
                stream.Write(digits[..length]);
            }

            stream.Write(_parts[i]);
        }
    }
}
