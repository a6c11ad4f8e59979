using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Binding;

/// <summary>Which shapes the method of a hook may have, which one it has, and which one is nearest to it.</summary>
internal sealed class HookShape(GeneratableSpec spec, HookModel hook, HookTarget target)
{
    private const string Task = "System.Threading.Tasks.Task";
    private const string ValueTask = "System.Threading.Tasks.ValueTask";

    /// <summary>The shape of a hook that nobody has implemented yet.</summary>
    public static BoundMethod Default(bool isStatic) => new(
        isStatic ? "public static" : "public",
        isStatic,
        HookReturn.Result,
        null,
        new([new BoundParameter(HookInput.Args, "args"), new BoundParameter(HookInput.Pool, "pool")]));

    /// <summary>The shape that we would write for somebody: outputs as a record where they are declared, else through the pool.</summary>
    public BoundMethod Suggested(bool isStatic) => hook.Outputs is null
        ? Default(isStatic)
        : Default(isStatic) with { Returns = HookReturn.Outputs, Parameters = new([new BoundParameter(HookInput.Args, "args")]) };

    /// <summary>Of the methods with a hook's name those that can be meant: overloads that the user has defined alone are others.</summary>
    public static IReadOnlyList<T> Candidates<T>(IEnumerable<T> bodies, Func<T, HookMethod> method)
    {
        List<T> all = [.. bodies];
        List<T> undefined = [.. all.Where(b => !method(b).HasOwnDefinition)];
        return undefined.Count > 0 ? undefined : all;
    }

    /// <summary>The method's shape, or what is wrong with it.</summary>
    public (BoundMethod? Method, string? Problem) Of(HookMethod method, bool inStaticClass)
    {
        string? problem = method switch
        {
            { HasOwnDefinition: true } => "its defining part is generated; remove the one that you wrote",
            { IsGeneric: true } => "it must not be generic",
            { IsReachable: false } => "it must be public or internal",
            { IsStatic: false } when inStaticClass => "it must be static, as its class is",
            { IsAsync: true, Returns.Name: "void" } => "nobody can wait for 'async void'",
            _ => null,
        };
        List<BoundParameter> parameters = [];
        foreach (HookParameter parameter in method.Parameters)
        {
            HookInput? input = Input(parameter.Type);
            problem ??= input is null
                ? $"the parameter '{parameter.Name}' has the type '{parameter.Type}', and a hook takes {Choices()}"
                : parameter.Obstacle is not null
                    ? $"the parameter '{parameter.Name}' must stand without {parameter.Obstacle}"
                    : parameters.Any(p => p.Input == input) ? $"it takes '{parameter.Type}' twice" : null;
            parameters.Add(new BoundParameter(input ?? default, parameter.Name));
        }

        (HookReturn Kind, string? Awaited)? returns = Returns(method.Returns);
        problem ??= returns is null ? $"it returns '{method.Returns}', and a hook returns {ReturnChoices()}" : null;
        return problem is null
            ? (new BoundMethod(method.Modifiers, method.IsStatic, returns!.Value.Kind, returns.Value.Awaited, new(parameters)), null)
            : (null, problem);
    }

    /// <summary>The right shape that keeps most of what was written.</summary>
    public BoundMethod Nearest(HookMethod method, bool inStaticClass)
    {
        List<BoundParameter> kept = [];
        foreach (HookParameter parameter in method.Parameters)
        {
            if (Input(parameter.Type) is { } input && kept.All(p => p.Input != input))
            {
                kept.Add(new BoundParameter(input, parameter.Name));
            }
        }

        if (method.Parameters.Any(p => Input(p.Type) is null) && kept.All(p => p.Input != HookInput.Args))
        {
            kept.Insert(0, new BoundParameter(HookInput.Args, kept.Any(p => p.Name == "args") ? "arguments" : "args"));
        }

        bool isStatic = method.IsStatic || inStaticClass;
        (HookReturn Kind, string? Awaited) returns = method is { IsAsync: true, Returns.Name: "void" }
            ? (HookReturn.Nothing, "Task")
            : Returns(method.Returns) ?? (hook.Outputs is null ? HookReturn.Result : HookReturn.Outputs, method.Returns.Names(ValueTask) ? "ValueTask" : method.IsAsync || method.Returns.Names(Task) ? "Task" : null);
        string modifiers = method.IsReachable && isStatic == method.IsStatic
            ? method.Modifiers
            : (method.Modifiers.Contains("internal") ? "internal" : "public") + (isStatic ? " static" : "");
        return new BoundMethod(modifiers, isStatic, returns.Kind, returns.Awaited, new(kept));
    }

    private HookInput? Input(WrittenType type) =>
        type.Argument is not null ? null
        : type.Names($"{target.FullClass}.{target.Method}Args") ? HookInput.Args
        : type.Names($"{spec.Namespace}.{spec.Pool}") ? HookInput.Pool
        : type.Names("Ryuso.HookContext") ? HookInput.Context
        : type.Names("System.Threading.CancellationToken") ? HookInput.Cancellation
        : null;

    private (HookReturn Kind, string? Awaited)? Returns(WrittenType type)
    {
        string? awaited = type.Names(Task) ? "Task" : type.Names(ValueTask) ? "ValueTask" : null;
        WrittenType? result = awaited is null ? type : type.Argument;
        return result is null or { Name: "void" } ? result is null || awaited is null ? (HookReturn.Nothing, awaited) : null
            : result.Argument is not null ? null
            : result.Names("Ryuso.HookResult") ? (HookReturn.Result, awaited)
            : hook.Outputs is not null && result.Names($"{target.FullClass}.{target.Method}Outputs") ? (HookReturn.Outputs, awaited)
            : null;
    }

    private string Choices() => $"any of {target.Method}Args, {spec.Pool}, HookContext and CancellationToken, in any order";

    private string ReturnChoices() => hook.Outputs is null
        ? "void, HookResult, or a Task or ValueTask of these (it has no outputs record, since its key \"outputs\" is absent)"
        : $"{target.Method}Outputs, HookResult, void, or a Task or ValueTask of these";
}
