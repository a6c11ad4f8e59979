using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator.Binding;

namespace Ryuso.Generator.Emit;

/// <summary>The generated part of a hook class: defining parts and records.</summary>
internal static class HookClassEmitter
{
    public static SourceText Emit(BoundClass type, string poolType)
    {
        var code = new CodeWriter(type.Namespace);
        code.Open($"partial class {type.Name}");
        foreach (BoundHook hook in type.Hooks)
        {
            EmitMethod(code, hook, poolType);
            string method = hook.Target.Method;
            RecordEmitter.Emit(code, "readonly record struct", method + "Args", $"The arguments of <c>hooks.{Xml.Escape(hook.Hook.Name)}</c>.", hook.Hook.Args);
            if (hook.Hook.Outputs is { } outputs)
            {
                RecordEmitter.Emit(code, "readonly record struct", method + "Outputs", $"What <c>hooks.{Xml.Escape(hook.Hook.Name)}</c> puts into the pool.", outputs);
            }
        }

        code.Close();
        return code.ToSourceText();
    }

    private static void EmitMethod(CodeWriter code, BoundHook hook, string poolType)
    {
        if (hook.Method is not { } method)
        {
            return;
        }

        code.Member();
        code.Doc("summary", hook.Hook.Description ?? $"The hook '{hook.Hook.Name}'.");
        string parameters = string.Join(", ", method.Parameters.Select(p => p.Input switch
        {
            HookInput.Args => $"{hook.Target.Method}Args",
            HookInput.Pool => $"global::{poolType}",
            HookInput.Context => "global::Ryuso.HookContext",
            _ => "global::System.Threading.CancellationToken",
        } + " " + p.Name));
        code.Line($"{method.Modifiers} partial {ReturnType(hook, method)} {hook.Target.Method}({parameters});");
    }

    private static string ReturnType(BoundHook hook, BoundMethod method)
    {
        string? result = method.Returns switch
        {
            HookReturn.Result => CSharp.HookResult,
            HookReturn.Outputs => hook.Target.Method + "Outputs",
            _ => null,
        };
        return method.Awaited is null ? result ?? "void"
            : $"global::System.Threading.Tasks.{method.Awaited}{(result is null ? "" : $"<{result}>")}";
    }
}
