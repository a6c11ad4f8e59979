using System.Text;
using Microsoft.Extensions.Primitives;

namespace Ryuso.AspNetCore;

/// <summary>Reads the header <c>Idempotency-Key</c>: a string of RFC 8941 in quotes, or the same without them.</summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";
    public const int MaxLength = 200;

    /// <summary>False, with the reason, where it is no key. A header that is not there is no key and no problem.</summary>
    public static bool TryRead(StringValues header, out string? key, out string? problem)
    {
        key = null;
        problem = null;
        if (header.Count == 0)
        {
            return true;
        }

        string? value = header.Count == 1 ? header[0]?.Trim() : null;
        key = value is null ? null : value.StartsWith('"') ? Unquote(value) : value.AsSpan().ContainsAnyExceptInRange('!', '~') || value.Contains('"') ? null : value;
        if (key is { Length: > 0 and <= MaxLength })
        {
            return true;
        }

        key = null;
        problem = $"'{Header}' must be given once, and must be 1 to {MaxLength} printable ASCII characters, bare or in double quotes.";
        return false;
    }

    private static string? Unquote(string value)
    {
        var text = new StringBuilder(value.Length);
        for (int i = 1; i < value.Length; i++)
        {
            char c = value[i];
            if (c == '"')
            {
                return i == value.Length - 1 ? text.ToString() : null;
            }

            if (c == '\\')
            {
                c = ++i < value.Length ? value[i] : '\0';
                if (c is not ('"' or '\\'))
                {
                    return null;
                }
            }

            if (c is < ' ' or > '~')
            {
                return null;
            }

            text.Append(c);
        }

        return null;
    }
}
