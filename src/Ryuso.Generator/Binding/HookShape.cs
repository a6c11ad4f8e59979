using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Binding;

/// <summary>Which shapes a hook method may have, and which one a method has.</summary>
internal static class HookShape
{
    /// <summary>The shape of a hook that nobody has implemented yet.</summary>
    public static BoundMethod Default(HookClass? type) => new(
        type is { IsStatic: true } ? "public static" : "public",
        type is { IsStatic: true },
        HookReturn.Result,
        null,
        new([new BoundParameter(HookInput.Args, "args"), new BoundParameter(HookInput.Pool, "pool")]));

    /// <summary>The method's shape, or what is wrong with it.</summary>
    public static (BoundMethod? Method, string? Problem) Of(ValidSpec spec, HookModel hook, HookTarget target, HookMethod method)
    {
        if (method.IsGeneric)
        {
            return (null, "it must not be generic");
        }

        if (!method.IsReachable)
        {
            return (null, "it must be public or internal");
        }

        List<BoundParameter> parameters = [];
        foreach (HookParameter parameter in method.Parameters)
        {
            HookInput? input =
                parameter.HasModifier ? null
                : parameter.Type == target.Method + "Args" ? HookInput.Args
                : parameter.Type == spec.Pool ? HookInput.Pool
                : parameter.Type == "HookContext" ? HookInput.Context
                : parameter.Type == "CancellationToken" ? HookInput.Cancellation
                : null;
            if (input is null)
            {
                return (null, $"the parameter '{parameter.Name}' must be one of {target.Method}Args, {spec.Pool}, HookContext and CancellationToken, by value");
            }

            if (parameters.Any(p => p.Input == input))
            {
                return (null, $"it takes {parameter.Type} twice");
            }

            parameters.Add(new BoundParameter(input.Value, parameter.Name));
        }

        (HookReturn Kind, string? Awaited)? returns = Returns(method.Returns, target, hook.Outputs is not null);
        return returns is null
            ? (null, $"it returns '{method.Returns}', and a hook returns {Choices(target, hook)}")
            : (new BoundMethod(method.Modifiers, method.IsStatic, returns.Value.Kind, returns.Value.Awaited, new(parameters)), null);
    }

    /// <summary>A right signature for a hook, as near as can be to what was written.</summary>
    public static string Example(HookModel hook, HookTarget target, bool isStatic, bool isAsync)
    {
        string result = hook.Outputs is not null ? target.Method + "Outputs" : "HookResult";
        return $"public {(isStatic ? "static " : "")}{(isAsync ? "async " : "")}partial {(isAsync ? $"Task<{result}>" : result)} {target.Method}({target.Method}Args args) {{ … }}";
    }

    private static (HookReturn Kind, string? Awaited)? Returns(string type, HookTarget target, bool hasOutputs)
    {
        foreach (string task in new[] { "Task", "ValueTask" })
        {
            if (type == task)
            {
                return (HookReturn.Nothing, task);
            }

            if (type.StartsWith(task + "<", StringComparison.Ordinal) && type.EndsWith(">", StringComparison.Ordinal))
            {
                string inner = type.Substring(task.Length + 1, type.Length - task.Length - 2);
                return inner != "void" && Returns(inner, target, hasOutputs) is { Awaited: null } result ? (result.Kind, task) : null;
            }
        }

        return type == "void" ? (HookReturn.Nothing, null)
            : type == "HookResult" ? (HookReturn.Result, null)
            : type == target.Method + "Outputs" && hasOutputs ? (HookReturn.Outputs, null)
            : null;
    }

    private static string Choices(HookTarget target, HookModel hook) => hook.Outputs is null
        ? "void, HookResult, or Task or ValueTask of these (its key \"outputs\" is absent, so it has no outputs record)"
        : $"{target.Method}Outputs, HookResult, void, or Task or ValueTask of these";
}
