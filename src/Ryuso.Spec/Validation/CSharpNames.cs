using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Validation;

/// <summary>Keeps the types and methods that the generator makes from one spec apart. A hook that cannot have its name is left out.</summary>
internal sealed class CSharpNames(ProblemList problems, string specName)
{
    private static readonly string[] s_everywhere = ["System", "Microsoft", "Ryuso"];
    private readonly string _root = SpecNaming.ToPascalCase(specName);

    // What each full name is, in words, and where that is written.
    private readonly Dictionary<string, (string What, TextRange[] At)> _taken = new(StringComparer.Ordinal);
    private readonly HashSet<string> _spaces = new(StringComparer.Ordinal);
    private readonly HashSet<string> _classes = new(StringComparer.Ordinal);

    /// <summary>The namespace that a spec of this name would meet in every project; null where there is none.</summary>
    public static string? Clash(string specName) => Array.Find(s_everywhere, n => n == SpecNaming.ToPascalCase(specName));

    public void Check(IReadOnlyCollection<SpecItem> parts)
    {
        foreach (string kind in new[] { "Pool", "Orchestrator", "Client", "Definition" })
        {
            _taken.Add($"{_root}.{_root}{kind}", ($"the spec's own {kind.ToLowerInvariant()}", []));
        }

        foreach (SpecItem program in parts.Where(p => p.Program is not null))
        {
            string pascal = $"{_root}.{SpecNaming.ToPascalCase(program.Reference.Name)}";
            _taken[pascal + "Args"] = ($"the args of '{program.Reference}'", [program.Property.Key]);
            _taken[pascal + "Outputs"] = ($"the outputs of '{program.Reference}'", [program.Property.Key]);
        }

        List<(SpecItem Part, HookTarget Target)> hooks = [.. parts.Where(p => p.Hook is not null).Select(p => (p, SpecNaming.Target(specName, p.Hook!.Reference)))];
        foreach ((SpecItem part, HookTarget target) in hooks)
        {
            ReserveNamespaces(part, target.Namespace);
        }

        foreach ((SpecItem part, HookTarget target) in hooks.Where(h => !h.Part.IsLeftOut))
        {
            CheckHook(part, target);
        }
    }

    private void ReserveNamespaces(SpecItem part, string full)
    {
        for (int dot = full.IndexOf('.'); dot >= 0;)
        {
            dot = full.IndexOf('.', dot + 1);
            string space = dot < 0 ? full : full.Substring(0, dot);
            if (!_spaces.Contains(space) && _taken.TryGetValue(space, out var other))
            {
                Leave(part, $"The namespace {space} would have the name of {other.What}. Write another namespace into the reference.", other.At);
                return;
            }

            _spaces.Add(space);
            _taken[space] = ($"the namespace of '{part.Reference}'", [ReferenceAt(part)]);
        }
    }

    private void CheckHook(SpecItem part, HookTarget target)
    {
        string type = target.FullClass;
        string method = type + "." + target.Method;
        string[] records = part.Hook!.Outputs is null ? ["Args"] : ["Args", "Outputs"];
        if (!_classes.Contains(type) && _taken.TryGetValue(type, out var other))
        {
            Leave(part, $"The class {type} would have the name of {other.What}. Write another class into the reference.", other.At);
        }
        else if (target.Method == target.Class || Array.Exists(records, r => target.Method + r == target.Class))
        {
            Leave(part, $"A method or record of the class {type} cannot have the name of its class. Write another class or method into the reference.", []);
        }
        else if (_taken.TryGetValue(method, out other))
        {
            Leave(part, $"The method {method} would have the name of {other.What}. Write another method into one of the references, or use one hook in both places.", other.At);
        }
        else if (Array.Find(records, r => _taken.ContainsKey(method + r)) is { } record)
        {
            other = _taken[method + record];
            Leave(part, $"The record {method}{record} would have the name of {other.What}. Write another method into one of the references.", other.At);
        }
        else
        {
            TextRange[] at = [ReferenceAt(part)];
            _classes.Add(type);
            _taken[type] = ($"the class of '{part.Reference}'", at);
            _taken[method] = ($"the method of '{part.Reference}'", at);
            Array.ForEach(records, r => _taken[method + r] = ($"the {r.ToLowerInvariant()} of '{part.Reference}'", at));
        }
    }

    private static TextRange ReferenceAt(SpecItem part) => part.Property.Value.FindProperty("reference")?.Value.Range ?? part.Property.Key;

    private void Leave(SpecItem part, string message, TextRange[] related)
    {
        part.IsLeftOut = part.IsBroken = true;
        problems.Add(ProblemCodes.NameCollision, ReferenceAt(part), part.Path + ".reference", message, related: related);
    }
}
