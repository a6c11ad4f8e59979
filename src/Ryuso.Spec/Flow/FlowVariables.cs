using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Flow;

/// <summary>An argument or output as the flow checks see it: a variable by number, and where it is declared.</summary>
internal sealed class FlowArg(int variable, ArgModel model, SpecItem owner, string section)
{
    public int Variable { get; } = variable;

    public string Name { get; } = model.Name;

    public SpecType Type { get; } = model.Type;

    public bool HasDefault { get; } = model.Default is not null;

    public bool IsEngineOwned { get; } = ReservedNames.Contains(model.Name);

    public SpecItem Owner { get; } = owner;

    /// <summary><c>args</c> or <c>outputs</c>.</summary>
    public string Section { get; } = section;

    /// <summary>Whether the variable is there once this has been written or filled.</summary>
    public bool IsCertain { get; } = model.Required || model.Default is not null;

    /// <summary>Whether reading it fails where the variable is absent.</summary>
    public bool IsNeeded { get; } = model.Required && model.Default is null;

    /// <summary>Whether some program can provide it.</summary>
    public bool IsProvided { get; set; }

    public string Path => ProblemList.Member($"{Owner.Path}.{Section}", Name);

    public TextRange Key => Owner.KeyOf(Section, Name);
}

/// <summary>What a hook or program reads and writes. <see cref="Outputs"/> is null where a hook does not say.</summary>
internal sealed record FlowItem(SpecItem Part, FlowArg[] Args, FlowArg[]? Outputs);

/// <summary>Numbers the variables of a spec.</summary>
internal sealed class FlowVariables
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    public int Count => _names.Count;

    public IReadOnlyList<string> Names => _names;

    public FlowItem Of(SpecItem part) => part.Hook is { } hook
        ? new FlowItem(part, Args(part, hook.Args, "args"), hook.Outputs is { } outputs ? Args(part, outputs, "outputs") : null)
        : new FlowItem(part, Args(part, part.Program!.Args, "args"), Args(part, part.Program.Outputs, "outputs"));

    private FlowArg[] Args(SpecItem part, EquatableArray<ArgModel> args, string section) =>
        [.. args.Select(a => new FlowArg(Number(a.Name), a, part, section))];

    private int Number(string name)
    {
        if (!_numbers.TryGetValue(name, out int number))
        {
            number = _names.Count;
            _numbers.Add(name, number);
            _names.Add(name);
        }

        return number;
    }
}
