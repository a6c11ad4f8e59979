namespace Ryuso.Spec.Text;

/// <summary>A stretch of the spec's text; <see cref="End"/> is just behind it.</summary>
internal readonly record struct TextRange(int Start, int End);

/// <summary>The text of a spec, and where its lines begin.</summary>
internal sealed class SpecText
{
    private readonly List<int> _lines = [0];
    private readonly int _length;

    public SpecText(string text)
    {
        _length = text.Length;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
            {
                _lines.Add(i + 1);
            }
        }
    }

    public SpecSpan Span(TextRange range)
    {
        int start = Math.Min(Math.Max(0, range.Start), _length);
        int end = Math.Min(Math.Max(start, range.End), _length);
        (int line, int column) = Place(start);
        (int endLine, int endColumn) = Place(end);
        return new SpecSpan(start, end - start, line, column, endLine, endColumn);
    }

    /// <summary>The line as people count it, from one.</summary>
    public int Line(int position) => Place(position).Line + 1;

    public int LineStart(int position) => _lines[Place(position).Line];

    private (int Line, int Column) Place(int position)
    {
        int found = _lines.BinarySearch(position);
        int line = found >= 0 ? found : ~found - 1;
        return (line, position - _lines[line]);
    }
}
