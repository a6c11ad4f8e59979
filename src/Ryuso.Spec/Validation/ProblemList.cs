using Ryuso.Spec.Json;

namespace Ryuso.Spec.Validation;

/// <summary>Collects problems and turns positions into lines and columns.</summary>
internal sealed class ProblemList(string text)
{
    private readonly List<Problem> _problems = [];
    private readonly List<int> _lines = [.. new[] { 0 }.Concat(Enumerable.Range(0, text.Length).Where(i => text[i] == '\n').Select(i => i + 1))];

    public bool HasErrors => _problems.Any(p => p.Severity == ProblemSeverity.Error);

    public EquatableArray<Problem> InOrder => new(_problems.OrderBy(p => p.Span.Start).ThenBy(p => p.Code, StringComparer.Ordinal));

    public void Add(string code, SpecNode at, string path, string message) => Add(code, at.Start, at.End - at.Start, path, message);

    public void Add(string code, SpecProperty at, string path, string message) => Add(code, at.Start, at.End - at.Start, path, message);

    public void Add(string code, int start, int length, string path, string message)
    {
        (int line, int column) = Place(start);
        (int endLine, int endColumn) = Place(start + length);
        _problems.Add(new Problem(code, ProblemSeverity.Error, new SpecSpan(start, length, line, column, endLine, endColumn), path, message));
    }

    private (int Line, int Column) Place(int position)
    {
        int found = _lines.BinarySearch(position);
        int line = found >= 0 ? found : ~found - 1;
        return (line, position - _lines[line]);
    }
}
