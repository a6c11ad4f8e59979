using Ryuso.Spec.Json;
using Ryuso.Spec.Text;

namespace Ryuso.Spec;

/// <summary>Where things stand in a spec's text. Apart from the model, which has no positions.</summary>
public static class SpecLocations
{
    /// <summary>The value of each hook's key <c>reference</c>, by the hook's name.</summary>
    public static IReadOnlyDictionary<string, SpecSpan> OfReferences(string text)
    {
        var lines = new SpecText(text);
        Dictionary<string, SpecSpan> places = new(StringComparer.Ordinal);
        foreach (SpecProperty hook in JsonReader.Read(text, new ProblemList(lines))?.Find("hooks")?.Properties ?? [])
        {
            if (hook.Value.Find("reference") is { } reference)
            {
                places[hook.Name] = lines.Span(reference.Range);
            }
        }

        return places;
    }
}
