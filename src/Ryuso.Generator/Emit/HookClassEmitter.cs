using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator.Binding;

namespace Ryuso.Generator.Emit;

/// <summary>The generated part of a hook class: defining parts and records.</summary>
internal static class HookClassEmitter
{
    public static SourceText Emit(BoundClass type, string poolType)
    {
        var code = new CodeWriter(type.Namespace);
        code.Open($"partial {type.Keyword} {type.Name}");
        foreach (BoundHook hook in type.Hooks)
        {
            EmitMethod(code, hook, poolType);
            string record = $"global::{hook.Target.FullClass}.{hook.Target.Method}";
            RecordEmitter.Emit(code, "readonly record struct", record + "Args", $"The arguments of <c>hooks.{Xml.Escape(hook.Hook.Name)}</c>.", hook.Hook.Args);
            if (hook.Hook.Outputs is { } outputs)
            {
                RecordEmitter.Emit(code, "readonly record struct", record + "Outputs", $"What <c>hooks.{Xml.Escape(hook.Hook.Name)}</c> puts into the pool.", outputs);
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
        code.Line(HookSignature.Full(method, hook.Target, poolType) + ";");
    }
}
