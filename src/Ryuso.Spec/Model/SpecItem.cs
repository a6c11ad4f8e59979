using Ryuso.Spec.Json;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Model;

/// <summary>A hook or program with its place in the text and its references resolved.</summary>
internal sealed class SpecItem(SpecReference reference, SpecProperty property)
{
    public SpecReference Reference { get; } = reference;

    public SpecProperty Property { get; } = property;

    public ProgramModel? Program { get; set; }

    public HookModel? Hook { get; set; }

    /// <summary>What runs inside: a program's hooks, a hook's dependencies.</summary>
    public List<ItemReference> Line { get; set; } = [];

    public List<ItemReference> Rectifiers { get; set; } = [];

    /// <summary>Its position in the model; -1 where it is left out.</summary>
    public int Index { get; set; } = -1;

    public bool IsLeftOut { get; set; }

    /// <summary>Whether no line can be made for it.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Steps that it adds to a line, itself included; more than <see cref="Planning.Planner.MaxSteps"/> is as good as endless.</summary>
    public int Length { get; set; }

    public IEnumerable<ItemReference> Edges => Line.Concat(Rectifiers);

    public string Path => ProblemList.Member(Reference.Kind == ReferenceKind.Hook ? "hooks" : "programs", Reference.Name);

    /// <summary>Where one of its keys stands.</summary>
    public TextRange KeyOfSection(string key) => Property.Value.FindProperty(key)?.Key ?? Property.Key;

    /// <summary>Where a key of one of its arguments or outputs stands.</summary>
    public TextRange KeyOf(string dict, string name) =>
        Property.Value.Find(dict)?.FindProperty(name)?.Key ?? Property.Key;
}

/// <summary>A reference where it stands.</summary>
internal sealed record ItemReference(SpecItem To, TextRange At, string Path);
