using Ryuso.Spec.Text;

namespace Ryuso.Spec.Json;

/// <summary>Builds the tree of one reading of the text.</summary>
internal sealed class JsonParser
{
    private const int MaxDepth = 64;
    private const int MaxPath = 12;
    private readonly List<(string? Key, int Index)> _path = [];
    private readonly JsonTokens _tokens;
    private readonly bool _trustIndentation;
    private readonly Stack<char> _closers = new();
    private bool _gaveUp;

    /// <summary>Whether the comma behind something that was not closed has been read.</summary>
    private bool _commaPassed;

    public JsonParser(string text, ProblemList problems, bool trustIndentation)
    {
        Problems = problems;
        _trustIndentation = trustIndentation;
        _tokens = new JsonTokens(text, problems.Text, (at, message) => Report(at, message));
    }

    public ProblemList Problems { get; }

    /// <summary>Whether braces or brackets do not match.</summary>
    public bool IsUnbalanced { get; private set; }

    public SpecNode? Parse()
    {
        ReportUnreadable();
        _tokens.Skip();
        if (_tokens.IsAtEnd)
        {
            Report(new(_tokens.At, _tokens.At), "The spec is empty. Write a dictionary with \"name\", \"programs\" and \"hooks\".");
            return null;
        }

        SpecNode? root = Value();
        _tokens.Skip();
        if (!_tokens.IsAtEnd)
        {
            IsUnbalanced = true;
            if (root is not null)
            {
                root.LostMembers = true;
            }

            Report(new(_tokens.At, _tokens.At + 1), $"'{ProblemList.Show(_tokens.Current.ToString())}' stands behind the end of the spec. Remove it, or a closing brace before it.");
        }

        return root;
    }

    /// <summary>Whoever read the file put this character where its bytes were no UTF-8: what stood there is lost.</summary>
    private void ReportUnreadable()
    {
        int at = _tokens.IndexOf('\uFFFD');
        if (at >= 0)
        {
            Report(new(at, at + 1), "The spec is not UTF-8: what stands here could not be read. Save the file as UTF-8; where U+FFFD is meant, write \\uFFFD.");
        }
    }

    private SpecNode? Value()
    {
        int start = _tokens.At;
        if (_tokens.IsAtEnd)
        {
            Report(new(start, start), "The spec ends where a value should stand. Write the value and close what is open.");
            return null;
        }

        if (_tokens.Current is '"' or '\'')
        {
            return _tokens.String();
        }

        if (_tokens.Current is not '{' and not '[')
        {
            return Literal();
        }

        if (_closers.Count >= MaxDepth)
        {
            Problems.Add(ProblemCodes.TooDeep, new(start, start + 1), CurrentPath, $"The spec is nested deeper than {MaxDepth} levels. Flatten it.");
            _tokens.At = _tokens.Length;
            _gaveUp = true;
            return null;
        }

        int before = Problems.Count;
        _closers.Push(_tokens.Current == '{' ? '}' : ']');
        SpecNode node = _closers.Peek() == '}' ? Dict() : List();
        _closers.Pop();
        node.HasProblems = Problems.Count > before;
        return node;
    }

    private SpecNode Dict()
    {
        var node = new SpecNode(JsonKind.Dict, _tokens.At++);
        for (bool first = true; Next(node, first); first = false)
        {
            if (Key() is not { } key || !Colon(key))
            {
                node.LostMembers = true;
                _tokens.Recover();
                continue;
            }

            _path.Add((key.Text, 0));
            SpecNode? value = Value();
            _path.RemoveAt(_path.Count - 1);
            if (value is null)
            {
                node.LostMembers = true;
            }
            else if (node.FindProperty(key.Text) is { } earlier)
            {
                earlier.IsDuplicated = true;
                Problems.Add(ProblemCodes.DuplicateKey, key.Range, ProblemList.Member(CurrentPath, key.Text),
                    $"The key '{ProblemList.Show(key.Text)}' stands here and in line {Problems.Text.Line(earlier.Key.Start)}. Remove or rename one of the two.", related: earlier.Key);
            }
            else
            {
                node.Add(new SpecProperty(key.Text, key.Range, value));
            }
        }

        return node;
    }

    private SpecNode? Key()
    {
        if (_tokens.Current is '"' or '\'')
        {
            return _tokens.String();
        }

        int start = _tokens.At;
        string word = _tokens.Word();
        if (word.Length == 0)
        {
            _tokens.At++;
            Report(new(start, start + 1), $"A key in double quotes should stand here, not '{ProblemList.Show(_tokens.Since(start))}'.");
            return null;
        }

        Report(new(start, _tokens.At), $"Keys stand in double quotes. Write \"{ProblemList.Show(word)}\".");
        var key = new SpecNode(JsonKind.String, start) { Text = word };
        key.EndAt(_tokens.At);
        return key;
    }

    private bool Colon(SpecNode key)
    {
        _tokens.Skip();
        if (_tokens.Current != ':')
        {
            bool valueFollows = _tokens.Current is '"' or '{' or '[';
            Report(new(_tokens.LastEnd, _tokens.LastEnd), $"A ':' should stand behind the key \"{ProblemList.Show(key.Text)}\".");
            if (_tokens.Current != '=')
            {
                return valueFollows;
            }
        }

        _tokens.At++;
        _tokens.Skip();
        return true;
    }

    private SpecNode List()
    {
        var node = new SpecNode(JsonKind.List, _tokens.At++);
        for (bool first = true; Next(node, first); first = false)
        {
            _path.Add((null, node.Items.Count));
            int before = _tokens.At;
            if (Value() is { } item)
            {
                node.Items.Add(item);
            }

            _tokens.At = Math.Max(_tokens.At, before + 1);
            _path.RemoveAt(_path.Count - 1);
        }

        return node;
    }

    /// <summary>Goes to the next member. False at the end, which is then consumed.</summary>
    private bool Next(SpecNode node, bool first)
    {
        _tokens.Skip();
        bool comma = _commaPassed;
        _commaPassed = false;
        if (!first && !comma && _tokens.Current == ',')
        {
            comma = true;
            _tokens.At++;
            _tokens.Skip();
        }

        while (_tokens.Current == ',')
        {
            Report(new(_tokens.At, _tokens.At + 1), "Nothing stands before this comma. Remove it.");
            _tokens.At++;
            _tokens.Skip();
        }

        comma |= SkipStrayClosers(node);
        if (_tokens.IsAtEnd || IsOutside(node))
        {
            Unclosed(node, comma);
            return false;
        }

        if (_tokens.Current is '}' or ']')
        {
            Closed(node);
            return false;
        }

        if (!first && !comma)
        {
            Report(new(_tokens.LastEnd, _tokens.LastEnd), "A ',' is missing here, before the next member.");
        }

        return true;
    }

    private void Unclosed(SpecNode node, bool comma)
    {
        node.EndAt(_tokens.LastEnd);
        node.LostMembers |= _tokens.IsAtEnd;
        if (_gaveUp)
        {
            return;
        }

        // At the end everything that is open is unclosed: one problem, not one for each.
        IsUnbalanced |= _tokens.IsAtEnd;
        _gaveUp = _tokens.IsAtEnd;
        // Where a member follows, its comma is read or as missing as the brace.
        _commaPassed = _tokens.Current is not '}' and not ']';
        string separator = _commaPassed && !comma ? "," : "";
        string missing = _tokens.IsAtEnd ? $"{string.Concat(_closers)}' at the end" : $"{_closers.Peek()}{separator}' before line {Problems.Text.Line(_tokens.At)}";
        Report(Opener(node), $"This '{Open}' is not closed. Add '{missing}.", new TextRange(_tokens.LastEnd, _tokens.LastEnd));
    }

    private void Closed(SpecNode node)
    {
        if (_tokens.Current != _closers.Peek())
        {
            IsUnbalanced = true;
            Report(new(_tokens.At, _tokens.At + 1), $"The '{Open}' of line {Problems.Text.Line(node.Range.Start)} is closed by '{_tokens.Current}'. Write '{_closers.Peek()}'.", Opener(node));
        }

        node.EndAt(++_tokens.At);
    }

    private char Open => _closers.Peek() == '}' ? '{' : '[';

    private static TextRange Opener(SpecNode node) => new(node.Range.Start, node.Range.Start + 1);

    /// <summary>Goes over closers that stand deeper than what they would close. Whether a comma came with them.</summary>
    private bool SkipStrayClosers(SpecNode node)
    {
        bool comma = false;
        while (_trustIndentation && _tokens.Current is '}' or ']' && _tokens.IsFirstInLine
            && _tokens.Indentation(_tokens.At) > _tokens.Indentation(node.Range.Start))
        {
            Report(new(_tokens.At, _tokens.At + 1), $"This '{_tokens.Current}' is one too many, or one before it is. Remove it.");
            _tokens.At++;
            _tokens.Skip();
            if (_tokens.Current == ',')
            {
                comma = true;
                _tokens.At++;
                _tokens.Skip();
            }
        }

        return comma;
    }

    /// <summary>Whether the indentation says that what comes next is no longer inside.</summary>
    private bool IsOutside(SpecNode node)
    {
        if (!_trustIndentation || !_tokens.IsFirstInLine)
        {
            return false;
        }

        int own = _tokens.Indentation(node.Range.Start);
        int next = _tokens.Indentation(_tokens.At);
        return _tokens.Current is '}' or ']' ? next < own : next <= own;
    }

    private SpecNode? Literal()
    {
        int start = _tokens.At;
        string word = _tokens.Word();
        JsonKind? kind = word switch
        {
            "null" => JsonKind.Null,
            "true" or "false" => JsonKind.Bool,
            _ when NumberSyntax.IsNumber(word) => JsonKind.Number,
            _ => null,
        };
        if (kind is null)
        {
            _tokens.Recover();
            string found = _tokens.Since(start).TrimEnd();
            _tokens.At = start + found.Length;
            (kind, word, string message) = JsonGuess.Of(found, word);
            Report(new(start, _tokens.At), message);
            if (kind is null)
            {
                return null;
            }
        }

        var node = new SpecNode(kind.Value, start) { Text = word };
        node.EndAt(_tokens.At);
        return node;
    }

    /// <summary>Beyond what a spec needs, a longer path says nothing more.</summary>
    private string CurrentPath => _path.Take(MaxPath).Aggregate("", (path, step) => step.Key is null ? $"{path}[{step.Index}]" : ProblemList.Member(path, step.Key));

    private void Report(TextRange at, string message, params IEnumerable<TextRange> related) =>
        Problems.Add(ProblemCodes.Syntax, at, CurrentPath, message, related: related);
}
