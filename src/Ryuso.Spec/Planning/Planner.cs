using Ryuso.Spec.Model;

namespace Ryuso.Spec.Planning;

/// <summary>Finds cycles and flattens programs to lines.</summary>
internal sealed class Planner
{
    public const int MaxSteps = 10_000;
    private readonly SpecModel _spec;
    private readonly Dictionary<string, int> _hooks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _programs = new(StringComparer.Ordinal);
    private readonly Dictionary<SpecReference, long> _lengths = [];

    public Planner(SpecModel spec)
    {
        _spec = spec;
        for (int i = 0; i < spec.Hooks.Count; i++)
        {
            _hooks[spec.Hooks[i].Name] = i;
        }

        for (int i = 0; i < spec.Programs.Count; i++)
        {
            _programs[spec.Programs[i].Name] = i;
        }
    }

    /// <summary>Every cycle once, as the references along it; the first comes again at the end.</summary>
    public List<List<SpecReference>> Cycles()
    {
        List<List<SpecReference>> cycles = [];
        HashSet<SpecReference> done = [];
        List<SpecReference> path = [];
        foreach (SpecReference root in All())
        {
            Visit(root);
        }

        return cycles;

        void Visit(SpecReference reference)
        {
            int at = path.IndexOf(reference);
            if (at >= 0)
            {
                cycles.Add([.. path.Skip(at), reference]);
                return;
            }

            if (!done.Add(reference))
            {
                return;
            }

            path.Add(reference);
            foreach (SpecReference next in Reached(reference))
            {
                Visit(next);
            }

            path.RemoveAt(path.Count - 1);
        }
    }

    /// <summary>Steps of the line, counted without making it; capped just above <see cref="MaxSteps"/>.</summary>
    public long Length(IEnumerable<SpecReference> references) => Math.Min(MaxSteps + 1, references.Sum(Length));

    public EquatableArray<PlanStep> Flatten(IEnumerable<SpecReference> references)
    {
        List<PlanStep> line = [];
        Append(references, line, isDependency: false);
        return new(line);
    }

    private long Length(SpecReference reference)
    {
        if (!_lengths.TryGetValue(reference, out long length))
        {
            length = Math.Min(MaxSteps + 1, 2 + (reference.Kind == ReferenceKind.Hook ? _spec.Hooks[_hooks[reference.Name]].Dependencies : _spec.Programs[_programs[reference.Name]].Hooks).Sum(Length));
            _lengths.Add(reference, length);
        }

        return length;
    }

    private void Append(IEnumerable<SpecReference> references, List<PlanStep> line, bool isDependency)
    {
        foreach (SpecReference reference in references)
        {
            if (reference.Kind == ReferenceKind.Hook)
            {
                int hook = _hooks[reference.Name];
                line.Add(new PlanStep(PlanStepKind.EnterHook, hook, isDependency));
                Append(_spec.Hooks[hook].Dependencies, line, isDependency: true);
                line.Add(new PlanStep(PlanStepKind.InvokeHook, hook, isDependency));
            }
            else
            {
                int program = _programs[reference.Name];
                line.Add(new PlanStep(PlanStepKind.EnterProgram, program, isDependency));
                Append(_spec.Programs[program].Hooks, line, isDependency);
                line.Add(new PlanStep(PlanStepKind.ExitProgram, program, isDependency));
            }
        }
    }

    private IEnumerable<SpecReference> All() =>
        _spec.Programs.Select(p => new SpecReference(ReferenceKind.Program, p.Name))
            .Concat(_spec.Hooks.Select(h => new SpecReference(ReferenceKind.Hook, h.Name)));

    private IEnumerable<SpecReference> Reached(SpecReference reference) => reference.Kind == ReferenceKind.Program
        ? _spec.Programs[_programs[reference.Name]].Hooks
        : _spec.Hooks[_hooks[reference.Name]].Dependencies.Concat(_spec.Hooks[_hooks[reference.Name]].Rectifiers);
}
