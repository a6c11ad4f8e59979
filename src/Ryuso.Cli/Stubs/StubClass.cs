using System.Text;
using Ryuso.Cli.Output;
using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Cli.Stubs;

/// <summary>One hook class of a spec, as C# that compiles before anything is written: each hook fails until it is.</summary>
internal sealed class StubClass
{
    private readonly SpecModel _spec;
    private readonly string _namespace;
    private readonly string _name;
    private readonly List<(HookTarget Target, HookModel Hook)> _hooks;

    private StubClass(SpecModel spec, string space, string name, List<(HookTarget Target, HookModel Hook)> hooks, int twin)
    {
        _spec = spec;
        _namespace = space;
        _name = name;
        _hooks = hooks;
        RelativePath = Path.Combine([.. space.Split('.').Skip(1), twin == 0 ? name + ".cs" : $"{name}.{twin + 1}.cs"]);
    }

    public IEnumerable<string> Methods => _hooks.Select(h => h.Target.Method);

    /// <summary>Where it stands below the project: namespaces are folders. Builds take file names that differ in case only for one.</summary>
    public string RelativePath { get; }

    /// <summary>The classes of the hooks, in the order of the spec.</summary>
    public static List<StubClass> Of(SpecModel spec, IEnumerable<HookModel> hooks)
    {
        Dictionary<string, int> twins = new(StringComparer.OrdinalIgnoreCase);
        List<StubClass> classes = [];
        foreach (var type in hooks.Select(h => (Target: SpecNaming.Target(spec, h), Hook: h)).GroupBy(h => (h.Target.Namespace, h.Target.Class)))
        {
            string name = type.Key.Namespace + "." + type.Key.Class;
            int twin = twins.GetValueOrDefault(name);
            twins[name] = twin + 1;
            classes.Add(new StubClass(spec, type.Key.Namespace, type.Key.Class, [.. type], twin));
        }

        return classes;
    }

    /// <summary>The file's text. <paramref name="origin"/> stands before each reference.</summary>
    public string Code(string origin)
    {
        string root = SpecNaming.ToPascalCase(_spec.Name);
        var code = new StringBuilder();
        code.Append("using System;\nusing Ryuso;\n\n");
        code.Append($"namespace {_namespace};\n\npublic sealed partial class {_name}\n{{\n");
        for (int i = 0; i < _hooks.Count; i++)
        {
            (HookTarget target, HookModel hook) = _hooks[i];
            string returns = hook.Outputs is { Count: > 0 } ? target.Method + "Outputs" : Name("Ryuso", "HookResult");
            string description = hook.Description is null ? "" : ". " + OneLine(hook.Description);
            code.Append(i == 0 ? "" : "\n");
            code.Append($"    // {origin}{hook.Reference}{description}\n");
            code.Append($"    public partial {returns} {target.Method}({target.Method}Args args, {Name(root, root + "Pool")} pool) =>\n");
            code.Append($"        throw new {Name("System", "NotImplementedException")}(\"{hook.Reference} is not written yet.\");\n");
        }

        return code.Append("}\n").ToString();
    }

    /// <summary>The short name, unless a hook's class or namespace has it.</summary>
    private string Name(string space, string name) =>
        _spec.Hooks.Select(h => SpecNaming.Target(_spec, h)).Any(t => t.Class == name || t.Namespace.Split('.').Skip(1).Contains(name))
            ? $"global::{space}.{name}"
            : name;

    private static string OneLine(string text) => VisibleText.Line(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
}
