using System.Globalization;
using System.Text;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Json;

/// <summary>Walks the text of a spec: blanks, comments, words and strings.</summary>
internal sealed class JsonTokens(string text, SpecText lines, Action<TextRange, string> report)
{
    public int At { get; set; } = text.Length > 0 && text[0] == '\uFEFF' ? 1 : 0;

    public bool IsAtEnd => At >= text.Length;

    /// <summary>The character here; NUL at the end.</summary>
    public char Current => At < text.Length ? text[At] : '\0';

    public int Length => text.Length;

    /// <summary>Where the last thing that is neither blank nor comment ended.</summary>
    public int LastEnd { get; private set; }

    public string Since(int start) => text.Substring(start, At - start);

    /// <summary>The column of the first thing in the line of a position.</summary>
    public int Indentation(int position)
    {
        int start = lines.LineStart(position);
        int column = 0;
        while (start + column < text.Length && text[start + column] is ' ' or '\t')
        {
            column++;
        }

        return column;
    }

    /// <summary>Whether nothing but blanks stands before this place in its line.</summary>
    public bool IsFirstInLine => At - lines.LineStart(At) == Indentation(At);

    /// <summary>Skips blanks and comments.</summary>
    public void Skip()
    {
        LastEnd = At;
        while (!IsAtEnd)
        {
            if (char.IsWhiteSpace(Current))
            {
                if (Current is not ' ' and not '\t' and not '\n' and not '\r')
                {
                    report(new(At, At + 1), $"JSON has no blank U+{(int)Current:X4}. Write a space instead.");
                }

                At++;
            }
            else if (Current == '/' && At + 1 < text.Length && text[At + 1] == '/')
            {
                ToEndOfLine();
            }
            else if (Current == '/' && At + 1 < text.Length && text[At + 1] == '*')
            {
                int end = text.IndexOf("*/", At + 2, StringComparison.Ordinal);
                if (end < 0)
                {
                    report(new(At, At + 2), "The comment is not closed. Add '*/'.");
                }

                At = end < 0 ? text.Length : end + 2;
            }
            else if (Current == '#')
            {
                report(new(At, At + 1), "Comments do not begin with '#'. Write '//' instead.");
                ToEndOfLine();
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Where a character first stands in the text; -1 where it does not.</summary>
    public int IndexOf(char value) => text.IndexOf(value);

    /// <summary>Goes over letters, digits and what numbers are made of.</summary>
    public string Word()
    {
        int start = At;
        while (!IsAtEnd && (char.IsLetterOrDigit(Current) || Current is '_' or '-' or '+' or '.' or '$'))
        {
            At++;
        }

        return Since(start);
    }

    /// <summary>Goes to the end of a broken member, over what is whole in it.</summary>
    public void Recover()
    {
        int depth = 0;
        for (; !IsAtEnd; At++)
        {
            if (depth == 0 && Current is ',' or '}' or ']' or '\n' or '\r')
            {
                return;
            }

            depth += Current is '{' or '[' ? 1 : Current is '}' or ']' ? -1 : 0;
        }
    }

    public SpecNode String()
    {
        char quote = Current;
        var node = new SpecNode(JsonKind.String, At++);
        if (quote == '\'')
        {
            report(new(At - 1, At), "JSON strings stand in double quotes. Replace ' by \".");
        }

        if (quote == '"' && TryPlain(node))
        {
            ReportHalf(node);
            return node;
        }

        var value = new StringBuilder();
        while (!IsAtEnd && Current != quote && Current is not '\n' and not '\r')
        {
            if (Current == '\\')
            {
                Escape(value);
                continue;
            }

            if (Current < ' ')
            {
                report(new(At, At + 1), "A control character stands in a string. Write it as an escape, such as \\t.");
            }

            value.Append(text[At++]);
        }

        if (!IsAtEnd && Current == quote)
        {
            At++;
        }
        else
        {
            // The comma at the end of the line was meant to stand behind the string.
            if (value.Length > 0 && value[value.Length - 1] == ',')
            {
                value.Length--;
                At--;
            }

            report(new(node.Range.Start, At), "The string is not closed. Add '\"' at its end.");
        }

        node.Text = value.ToString();
        node.EndAt(At);
        ReportHalf(node);
        return node;
    }

    /// <summary>Half of a surrogate pair is no character: no UTF-8 can hold it, so no client could get it.</summary>
    private void ReportHalf(SpecNode node)
    {
        string value = node.Text;
        for (int i = 0; i < value.Length; i++)
        {
            if (char.IsSurrogate(value[i]) && !(i + 1 < value.Length && char.IsSurrogatePair(value[i], value[++i])))
            {
                report(node.Range, "This string holds half of a surrogate pair. Write the whole character, or both escapes of it.");
                return;
            }
        }
    }

    /// <summary>Most strings are closed and hold nothing to unescape.</summary>
    private bool TryPlain(SpecNode node)
    {
        string all = text;
        int end = At;
        while (end < all.Length && all[end] is >= ' ' and not '"' and not '\\')
        {
            end++;
        }

        if (end >= all.Length || all[end] != '"')
        {
            return false;
        }

        node.Text = all.Substring(At, end - At);
        At = end + 1;
        node.EndAt(At);
        return true;
    }

    private void Escape(StringBuilder value)
    {
        int start = At++;
        char c = IsAtEnd || Current is '\n' or '\r' ? '\0' : text[At++];
        int simple = "\"\\/bfnrt".IndexOf(c);
        if (simple >= 0)
        {
            value.Append("\"\\/\b\f\n\r\t"[simple]);
        }
        else if (c == 'u' && At + 4 <= text.Length
            && ushort.TryParse(text.Substring(At, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
        {
            value.Append((char)code);
            At += 4;
        }
        else
        {
            report(new(start, At), $"'{ProblemList.Show(Since(start))}' is no JSON escape. Write \\\\ for a backslash.");
        }
    }

    private void ToEndOfLine()
    {
        while (!IsAtEnd && Current is not '\n' and not '\r')
        {
            At++;
        }
    }
}
