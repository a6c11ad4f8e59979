using System.Text.RegularExpressions;
using Ryuso.Spec.Json;
using Ryuso.Spec.Model;

namespace Ryuso.Spec.Validation;

/// <summary>Turns a tree of JSON into the model and reports whatever no spec may say.</summary>
internal sealed class SpecValidator(ProblemList problems)
{
    private static readonly Regex s_specName = new("^[A-Za-z][A-Za-z0-9 _-]*$", RegexOptions.CultureInvariant);
    private readonly ArgReader _args = new(problems);
    private readonly HashSet<string> _hooks = new(StringComparer.Ordinal);
    private readonly HashSet<string> _programs = new(StringComparer.Ordinal);

    public SpecModel? Validate(SpecNode root)
    {
        if (root.Kind != JsonKind.Dict)
        {
            problems.Add(ProblemCodes.WrongType, root, "", $"A spec must be a dictionary, not {root.KindName}.");
            return null;
        }

        var dict = new DictReader(problems, root, "", "$schema", "version", "name", "programs", "hooks");
        dict.Text("$schema");
        string? name = dict.Text("name", required: true);
        if (name is not null && !s_specName.IsMatch(name))
        {
            problems.Add(ProblemCodes.BadName, root.Find("name")!, "name", $"The spec's name '{name}' must begin with a letter and hold only letters, digits, spaces, '_' and '-'.");
        }

        SpecNode? programs = dict.Dict("programs", required: true);
        SpecNode? hooks = dict.Dict("hooks", required: true);
        _programs.UnionWith(programs?.Properties.Select(p => p.Name) ?? []);
        _hooks.UnionWith(hooks?.Properties.Select(h => h.Name) ?? []);
        Names.Check(problems, programs, "programs");
        Names.Check(problems, hooks, "hooks");
        var programModels = Each(programs, "programs", Program);
        var hookModels = Each(hooks, "hooks", Hook);
        CheckReferencesDiffer(hooks, name ?? "");
        return new SpecModel(name ?? "", SpecNaming.ToModuleName(name ?? ""), dict.Text("version"), programModels, hookModels);
    }

    private EquatableArray<T> Each<T>(SpecNode? dict, string path, Func<string, SpecNode, string, T> read)
        where T : IEquatable<T>
    {
        List<T> models = [];
        foreach (SpecProperty property in dict?.Properties ?? [])
        {
            string at = path + "." + property.Name;
            if (property.Value.Kind == JsonKind.Dict)
            {
                models.Add(read(property.Name, property.Value, at));
            }
            else
            {
                problems.Add(ProblemCodes.WrongType, property.Value, at, $"'{at}' must be a dictionary, not {property.Value.KindName}.");
            }
        }

        return new(models);
    }

    private ProgramModel Program(string name, SpecNode node, string path)
    {
        var dict = new DictReader(problems, node, path, "hooks", "args", "outputs", "description");
        return new ProgramModel(
            name,
            dict.Text("description"),
            References(dict, "hooks", required: true),
            _args.Read(dict.Dict("args", required: true), path + ".args", mayBeEngineOwned: false),
            _args.Read(dict.Dict("outputs", required: true), path + ".outputs", mayBeEngineOwned: false));
    }

    private HookModel Hook(string name, SpecNode node, string path)
    {
        var dict = new DictReader(problems, node, path,
            "reference", "args", "outputs", "dependencies", "rectifiers", "description", "retry", "timeout_ms", "rectify_self");
        string? reference = dict.Text("reference", required: true);
        if (reference is not null && !reference.Split('.').All(part => SpecNaming.IsIdentifier(SpecNaming.ToPascalCase(part))))
        {
            problems.Add(ProblemCodes.BadReference, node.Find("reference")!, dict.At("reference"), $"'{reference}' ({dict.At("reference")}) must be names joined by dots, such as \"my_orchestrator.util.math.is_prime\".");
        }

        SpecNode? outputs = dict.Dict("outputs");
        SpecNode? retryNode = dict.Dict("retry");
        DictReader? retry = retryNode is null ? null : new DictReader(problems, retryNode, dict.At("retry"), "attempts", "delay_ms");
        return new HookModel(
            name,
            reference ?? "",
            dict.Text("description"),
            _args.Read(dict.Dict("args", required: true), path + ".args", mayBeEngineOwned: true),
            outputs is null ? null : _args.Read(outputs, path + ".outputs", mayBeEngineOwned: false),
            References(dict, "dependencies", required: false),
            References(dict, "rectifiers", required: false),
            retry?.Int("attempts", least: 1, required: true) ?? 1,
            retry?.Int("delay_ms", least: 0, required: true) ?? 0,
            dict.Int("timeout_ms", least: 1),
            dict.Bool("rectify_self") ?? false);
    }

    private EquatableArray<SpecReference> References(DictReader dict, string key, bool required)
    {
        List<SpecReference> references = [];
        int index = 0;
        foreach (SpecNode item in dict.List(key, required)?.Items ?? [])
        {
            string path = $"{dict.At(key)}[{index++}]";
            if (item.Kind != JsonKind.String)
            {
                problems.Add(ProblemCodes.WrongType, item, path, $"'{path}' must be a reference string such as \"hooks.NAME\", not {item.KindName}.");
                continue;
            }

            bool isProgram = item.Text.StartsWith("programs.", StringComparison.Ordinal);
            string name = isProgram ? item.Text.Substring(9) : item.Text.StartsWith("hooks.", StringComparison.Ordinal) ? item.Text.Substring(6) : item.Text;
            if (!(isProgram ? _programs : _hooks).Contains(name))
            {
                IEnumerable<string> known = _hooks.Select(h => "hooks." + h).Concat(_programs.Select(p => "programs." + p));
                problems.Add(ProblemCodes.UnresolvedReference, item, path,
                    $"'{item.Text}' ({path}) refers to nothing in this spec.{NearestName.DidYouMean((isProgram ? "programs." : "hooks.") + name, known)}");
            }

            references.Add(new SpecReference(isProgram ? ReferenceKind.Program : ReferenceKind.Hook, name));
        }

        return new(references);
    }

    private void CheckReferencesDiffer(SpecNode? hooks, string specName)
    {
        Dictionary<string, string> taken = new(StringComparer.Ordinal);
        foreach (SpecProperty hook in hooks?.Properties ?? [])
        {
            if (hook.Value.Kind != JsonKind.Dict || hook.Value.Find("reference") is not { Kind: JsonKind.String } reference)
            {
                continue;
            }

            HookTarget target = SpecNaming.Target(specName, reference.Text);
            string converted = target.FullClass + "." + target.Method;
            if (taken.TryGetValue(converted, out string other))
            {
                problems.Add(ProblemCodes.NameCollision, reference, $"hooks.{hook.Name}.reference", $"The hooks '{hook.Name}' and '{other}' both refer to the method {converted}. Give each its own method, or use one hook twice.");
            }
            else
            {
                taken.Add(converted, hook.Name);
            }
        }
    }
}
