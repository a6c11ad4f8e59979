using System.Text;

namespace Ryuso.Spec.Json;

/// <summary>Reads JSON with comments and trailing commas, goes on after what is wrong, and never throws.</summary>
internal sealed class JsonParser(string text, Action<string, int, int, string> report)
{
    private const int MaxDepth = 64;
    private int _at;
    private int _depth;

    public SpecNode? Parse()
    {
        if (text.Length > 0 && text[0] == '\uFEFF')
        {
            _at = 1;
        }

        Skip();
        if (_at >= text.Length)
        {
            report(ProblemCodes.Syntax, _at, 0, "The spec is empty. Write a JSON object with \"name\", \"programs\" and \"hooks\".");
            return null;
        }

        SpecNode? root = Value();
        Skip();
        if (_at < text.Length)
        {
            report(ProblemCodes.Syntax, _at, 1, $"Unexpected '{text[_at]}' after the end of the spec. Remove it.");
        }

        return root;
    }

    private SpecNode? Value()
    {
        if (_at >= text.Length)
        {
            report(ProblemCodes.Syntax, _at, 0, "The spec ends where a value should stand. Write the value and close what is open.");
            return null;
        }

        char c = text[_at];
        if (c is '{' or '[')
        {
            if (_depth >= MaxDepth)
            {
                report(ProblemCodes.TooDeep, _at, 1, $"The spec is nested deeper than {MaxDepth} levels. Flatten it.");
                _at = text.Length;
                return null;
            }

            _depth++;
            SpecNode node = c == '{' ? Dict() : List();
            _depth--;
            return node;
        }

        return c is '"' or '\'' ? String() : Literal();
    }

    private SpecNode Dict()
    {
        var node = new SpecNode(JsonKind.Dict, _at++);
        bool first = true;
        while (Next('}', node, ref first))
        {
            if (text[_at] is not '"' and not '\'')
            {
                int bad = _at;
                Word();
                _at = Math.Max(_at, bad + 1);
                report(ProblemCodes.Syntax, bad, _at - bad, $"Expected a key in double quotes but found '{text.Substring(bad, _at - bad)}'. Put the key in double quotes.");
                Recover();
                continue;
            }

            SpecNode key = String();
            Skip();
            if (_at >= text.Length || text[_at] != ':')
            {
                report(ProblemCodes.Syntax, Math.Min(_at, text.Length), 0, $"Expected ':' after the key \"{key.Text}\".");
                Recover();
                continue;
            }

            _at++;
            Skip();
            if (Value() is { } value)
            {
                if (node.Properties.FirstOrDefault(p => p.Name == key.Text) is { } earlier)
                {
                    report(ProblemCodes.DuplicateKey, key.Start, key.End - key.Start, $"The key \"{key.Text}\" already stands in line {LineOf(earlier.Start)}. Remove or rename one of the two.");
                }
                else
                {
                    node.Properties.Add(new SpecProperty(key.Text, key.Start, key.End, value));
                }
            }
        }

        return node;
    }

    private SpecNode List()
    {
        var node = new SpecNode(JsonKind.List, _at++);
        bool first = true;
        while (Next(']', node, ref first))
        {
            int before = _at;
            if (Value() is { } item)
            {
                node.Items.Add(item);
            }

            _at = Math.Max(_at, before + 1);
        }

        return node;
    }

    /// <summary>Goes to the next member. False at the end, which is then consumed.</summary>
    private bool Next(char end, SpecNode node, ref bool first)
    {
        Skip();
        bool wasFirst = first;
        first = false;
        if (_at < text.Length && text[_at] == ',' && !wasFirst)
        {
            _at++;
            Skip();
        }
        else if (!wasFirst && _at < text.Length && text[_at] is not '}' and not ']')
        {
            report(ProblemCodes.Syntax, _at, 1, $"Expected ',' or '{end}' before '{text[_at]}'.");
        }

        if (_at >= text.Length)
        {
            report(ProblemCodes.Syntax, text.Length, 0, $"The spec ends before the '{(end == '}' ? '{' : '[')}' of line {LineOf(node.Start)} is closed. Add '{end}'.");
            node.End = _at;
            return false;
        }

        if (text[_at] is '}' or ']')
        {
            if (text[_at] != end)
            {
                report(ProblemCodes.Syntax, _at, 1, $"Expected '{end}' but found '{text[_at]}'.");
            }

            node.End = ++_at;
            return false;
        }

        return true;
    }

    private SpecNode String()
    {
        char quote = text[_at];
        var node = new SpecNode(JsonKind.String, _at++);
        if (quote == '\'')
        {
            report(ProblemCodes.Syntax, node.Start, 1, "JSON strings stand in double quotes. Replace ' by \".");
        }

        var value = new StringBuilder();
        while (_at < text.Length && text[_at] != quote && text[_at] is not '\n' and not '\r')
        {
            if (text[_at] == '\\')
            {
                Escape(value);
            }
            else
            {
                if (text[_at] < ' ')
                {
                    report(ProblemCodes.Syntax, _at, 1, "A control character stands in a string. Write it as an escape, such as \\t.");
                }

                value.Append(text[_at++]);
            }
        }

        if (_at < text.Length && text[_at] == quote)
        {
            _at++;
        }
        else
        {
            report(ProblemCodes.Syntax, node.Start, _at - node.Start, "The string is not closed. Add '\"' at its end.");
        }

        node.Text = value.ToString();
        node.End = _at;
        return node;
    }

    private void Escape(StringBuilder value)
    {
        int start = _at++;
        char c = _at < text.Length ? text[_at++] : '\0';
        int simple = "\"\\/bfnrt".IndexOf(c);
        if (simple >= 0)
        {
            value.Append("\"\\/\b\f\n\r\t"[simple]);
        }
        else if (c == 'u' && _at + 4 <= text.Length
            && ushort.TryParse(text.Substring(_at, 4), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out ushort code))
        {
            value.Append((char)code);
            _at += 4;
        }
        else
        {
            _at = Math.Min(_at, text.Length);
            report(ProblemCodes.Syntax, start, _at - start, $"'{text.Substring(start, _at - start)}' is no JSON escape. Write \\\\ for a backslash.");
        }
    }

    private SpecNode? Literal()
    {
        int start = _at;
        Word();
        string word = text.Substring(start, _at - start);
        JsonKind? kind = word switch
        {
            "null" => JsonKind.Null,
            "true" or "false" => JsonKind.Bool,
            _ when NumberSyntax.IsNumber(word) => JsonKind.Number,
            _ => null,
        };
        if (kind is not { } known)
        {
            if (_at == start && text[start] is not '}' and not ']' and not ',')
            {
                _at++;
            }

            string found = text.Substring(start, _at - start);
            report(ProblemCodes.Syntax, start, _at - start, (found.Length == 0 ? "A value is missing here" : $"'{found}' is no JSON value") + ". Write a string in double quotes, a number, true, false, null, a list or a dictionary.");
            return null;
        }

        return new SpecNode(known, start) { Text = word, End = _at };
    }

    private void Word()
    {
        while (_at < text.Length && (char.IsLetterOrDigit(text[_at]) || text[_at] is '_' or '-' or '+' or '.'))
        {
            _at++;
        }
    }

    /// <summary>Goes to the end of the broken member.</summary>
    private void Recover()
    {
        while (_at < text.Length && text[_at] is not ',' and not '}' and not ']' and not '\n')
        {
            _at++;
        }
    }

    private void Skip()
    {
        while (_at < text.Length)
        {
            if (char.IsWhiteSpace(text[_at]))
            {
                _at++;
            }
            else if (text[_at] == '/' && _at + 1 < text.Length && text[_at + 1] == '/')
            {
                int end = text.IndexOf('\n', _at);
                _at = end < 0 ? text.Length : end + 1;
            }
            else if (text[_at] == '/' && _at + 1 < text.Length && text[_at + 1] == '*')
            {
                int end = text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                if (end < 0)
                {
                    report(ProblemCodes.Syntax, _at, 2, "The comment is not closed. Add '*/'.");
                }

                _at = end < 0 ? text.Length : end + 2;
            }
            else
            {
                return;
            }
        }
    }

    private int LineOf(int position) => 1 + text.Take(position).Count(c => c == '\n');
}
