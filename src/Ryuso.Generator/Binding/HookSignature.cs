using Ryuso.Spec.Model;

namespace Ryuso.Generator.Binding;

/// <summary>The C# text of a hook method's shape.</summary>
internal static class HookSignature
{
    /// <summary>With every name written out, for any file.</summary>
    public static string Full(BoundMethod method, HookTarget target, string poolType, bool isAsync = false) =>
        Text(method, target, isAsync, "global::Ryuso.", "global::System.Threading.", "global::System.Threading.Tasks.", "global::" + poolType);

    /// <summary>With short names, for people.</summary>
    public static string Short(BoundMethod method, HookTarget target, string poolType, bool isAsync = false) =>
        Text(method, target, isAsync, "", "", "", poolType.Substring(poolType.LastIndexOf('.') + 1));

    private static string Text(BoundMethod method, HookTarget target, bool isAsync, string ryuso, string threading, string tasks, string pool)
    {
        string? result = method.Returns switch
        {
            HookReturn.Result => ryuso + "HookResult",
            HookReturn.Outputs => target.Method + "Outputs",
            _ => null,
        };
        string returns = method.Awaited is null ? result ?? "void" : $"{tasks}{method.Awaited}{(result is null ? "" : $"<{result}>")}";
        IEnumerable<string> parameters = method.Parameters.Select(p => p.Input switch
        {
            HookInput.Args => target.Method + "Args",
            HookInput.Pool => pool,
            HookInput.Context => ryuso + "HookContext",
            _ => threading + "CancellationToken",
        } + " " + p.Name);
        return $"{method.Modifiers} {(isAsync ? "async " : "")}partial {returns} {target.Method}({string.Join(", ", parameters)})";
    }
}
