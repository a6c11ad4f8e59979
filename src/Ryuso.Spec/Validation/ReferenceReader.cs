using Ryuso.Spec.Json;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Validation;

/// <summary>Reads lists of references.</summary>
internal sealed class ReferenceReader(ProblemList problems, Dictionary<SpecReference, SpecItem> parts, bool hooksAreWhole, bool programsAreWhole)
{
    private Dictionary<string, SpecReference>? _byTarget;

    /// <summary>What is wrong in the list is told, or has been told before; either way the owner is broken.</summary>
    public (List<SpecReference> References, List<ItemReference> Edges) Read(SpecItem owner, DictReader dict, string key, string? required)
    {
        List<SpecReference> references = [];
        List<ItemReference> edges = [];
        SpecProperty? list = dict.List(key, required);
        int index = 0;
        foreach (SpecNode item in list?.Value.Items ?? [])
        {
            string path = $"{dict.At(list!.Name)}[{index++}]";
            if (item.Kind != JsonKind.String)
            {
                problems.Add(ProblemCodes.WrongType, item.Range, path, $"Must be a reference, not {item.KindName}. Write \"hooks.NAME\" or \"programs.NAME\".");
                continue;
            }

            SpecReference reference = Parse(item.Text);
            references.Add(reference);
            if (parts.TryGetValue(reference, out SpecItem to))
            {
                edges.Add(new ItemReference(to, item.Range, path));
                continue;
            }

            owner.IsBroken = true;
            if (reference.Kind == ReferenceKind.Hook ? hooksAreWhole : programsAreWhole)
            {
                problems.Add(ProblemCodes.UnresolvedReference, item.Range, path, $"'{ProblemList.Show(item.Text)}' refers to nothing in this spec.{Remedy(item.Text, reference)}");
            }
        }

        return (references, edges);
    }

    private string Remedy(string text, SpecReference reference)
    {
        SpecReference other = reference with { Kind = reference.Kind == ReferenceKind.Hook ? ReferenceKind.Program : ReferenceKind.Hook };
        if (parts.ContainsKey(other))
        {
            return $" Did you mean '{other}'?";
        }

        if (reference.Kind == ReferenceKind.Hook && Targeted(reference.Name) is { } targeted)
        {
            return $" Did you mean '{targeted}'?";
        }

        // A dot in a hook's name is a prefix that is neither of the two.
        string near = reference.Kind == ReferenceKind.Hook && reference.Name.Contains('.')
            ? problems.Suggest(text, parts.Keys.Select(k => k.ToString()))
            : problems.Suggest(reference.Name, parts.Keys.Where(k => k.Kind == reference.Kind).Select(k => k.Name), reference.Kind == ReferenceKind.Hook ? "hooks." : "programs.");
        return near.Length > 0 ? near : $" Add it to \"{(reference.Kind == ReferenceKind.Hook ? "hooks" : "programs")}\" or remove it.";
    }

    /// <summary>The hook that somebody means who writes its method's reference, or the end of one, instead of its key.</summary>
    private SpecReference? Targeted(string name)
    {
        int dot = name.LastIndexOf('.');
        if (dot < 0)
        {
            return null;
        }

        if (_byTarget is null)
        {
            _byTarget = new(StringComparer.Ordinal);
            foreach (SpecItem hook in parts.Values.Where(p => p.Reference.Kind == ReferenceKind.Hook))
            {
                if (hook.Property.Value.Find("reference") is { Kind: JsonKind.String } target)
                {
                    _byTarget[target.Text] = hook.Reference;
                }
            }
        }

        var last = new SpecReference(ReferenceKind.Hook, name.Substring(dot + 1));
        return _byTarget.TryGetValue(name, out SpecReference? hooked) ? hooked : parts.ContainsKey(last) ? last : null;
    }

    private static SpecReference Parse(string text) =>
        text.StartsWith("programs.", StringComparison.Ordinal) ? new(ReferenceKind.Program, text.Substring(9))
        : new(ReferenceKind.Hook, text.StartsWith("hooks.", StringComparison.Ordinal) ? text.Substring(6) : text);
}
