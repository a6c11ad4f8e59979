using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator.Binding;
using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Generator.Emit;

/// <summary>The orchestrator: makes the hook classes, calls the hooks, and offers each program as a typed method.</summary>
internal static class OrchestratorEmitter
{
    private const string ServiceProvider = "global::System.IServiceProvider";
    private const string Logger = "global::Microsoft.Extensions.Logging.ILogger";
    private const string CancellationToken = "global::System.Threading.CancellationToken";

    private const string Instances = "global::Ryuso.Definitions.HookInstances";

    public static SourceText Emit(BoundSpec bound)
    {
        GeneratableSpec spec = bound.Spec;
        List<BoundClass> made = [.. bound.Classes.Where(c => c.IsMade)];
        IReadOnlyList<string> names = MemberNames.Unique(made.Select(c => c.Name), []);
        Dictionary<string, string> fields = made.Zip(names, (c, n) => (c.FullName, Field: Field(n))).ToDictionary(f => f.FullName, f => f.Field);
        var code = new CodeWriter(spec.Namespace);
        code.DocXml("summary", $"Runs the programs of <c>{Xml.Escape(spec.Model.Name)}</c>.");
        code.Generated();
        code.Open($"public sealed class {spec.Orchestrator} : global::Ryuso.Orchestrator, global::Ryuso.IOrchestratorFactory<{spec.Orchestrator}>");
        EmitConstructor(code, spec);
        foreach ((ProgramModel program, int index) in spec.Model.Programs.Select((p, i) => (p, i)))
        {
            EmitProgram(code, spec, program, index);
        }

        code.Member();
        code.Line("/// <inheritdoc/>");
        code.Line($"protected override global::Ryuso.DataPool CreatePool() => new {spec.Pool}();");
        EmitInvoke(code, bound, fields);
        EmitHooks(code, made, fields);
        code.Member();
        code.Line("[global::System.Runtime.CompilerServices.ModuleInitializer]");
        code.Line($"internal static void RegisterWithServer() => global::Ryuso.RyusoServer.Register<{spec.Orchestrator}>({CSharp.Text(spec.Model.Name)});");
        code.Close();
        return code.ToSourceText();
    }

    private static string Field(string name) => "_" + char.ToLowerInvariant(name[0]) + name.Substring(1);

    private static void EmitConstructor(CodeWriter code, GeneratableSpec spec)
    {
        code.Member();
        code.Doc("summary", "Makes the hook classes.");
        code.Doc("param name=\"services\"", "Where the constructor parameters of the hook classes come from; null when there are none.");
        code.Doc("param name=\"logger\"", "Where runs are logged; null for nowhere.");
        code.Doc("param name=\"timeProvider\"", "The clock; null for the system's.");
        code.DocXml("exception cref=\"global::System.InvalidOperationException\"", "A service that a hook class needs is not registered.");
        code.Line($"public {spec.Orchestrator}({ServiceProvider}? services = null, {Logger}? logger = null, global::System.TimeProvider? timeProvider = null)");
        code.Indented(() => code.Line($": base({spec.Definition}.Spec, logger, timeProvider) => MakeHooks(services);"));
        code.Member();
        code.Line($"static {spec.Orchestrator} global::Ryuso.IOrchestratorFactory<{spec.Orchestrator}>.Create({ServiceProvider}? services, {Logger}? logger, global::System.TimeProvider? timeProvider) => new(services, logger, timeProvider);");
    }

    /// <summary>What holds the instances of the hook classes: one for all runs, or one for each where each has a scope of its own.</summary>
    private static void EmitHooks(CodeWriter code, List<BoundClass> made, Dictionary<string, string> fields)
    {
        if (made.Count == 0)
        {
            return;
        }

        code.Member();
        code.Line("/// <inheritdoc/>");
        code.Line($"protected override {Instances} CreateHooks() => new Hooks();");
        code.Member();
        code.Open($"private sealed class Hooks : {Instances}");
        foreach (BoundClass type in made)
        {
            code.Line($"internal global::{type.FullName} {fields[type.FullName]} = default!;");
        }

        code.Line();
        code.Open($"protected override void Make({ServiceProvider}? services)");
        foreach (BoundClass type in made.Where(type => type.IsUsable))
        {
            code.Line($"{fields[type.FullName]} = Own(new global::{type.FullName}({string.Join(", ", type.Constructor.Select(p => Resolve(p, type.FullName)))}));");
        }

        code.Close();
        code.Close();
    }

    private static string Resolve(ConstructorParameter parameter, string hookClass) =>
        $"{parameter.Name}: {(parameter.IsOptional ? "ResolveOrDefault" : "Resolve")}<{parameter.Type}>(services, {CSharp.Text(hookClass)}){(parameter.IsOptional ? "!" : "")}";

    /// <summary>Records by their full names: a hook 'outputs' has a method InvokeOutputs here, and a program 'invoke' a record of that name.</summary>
    private static void EmitProgram(CodeWriter code, GeneratableSpec spec, ProgramModel program, int index)
    {
        string args = $"global::{spec.Namespace}.{ProgramEmitter.Args(program)}";
        string outputs = $"global::{spec.Namespace}.{ProgramEmitter.Outputs(program)}";
        string name = SpecNaming.ToPascalCase(program.Name);
        string call = "s" + Field(name);
        string pool = $"(({spec.Pool})pool)";
        bool isScalar = program.Outputs.All(o => o.Type is not (SpecType.List or SpecType.Dict));
        string task = $"global::System.Threading.Tasks.Task<global::Ryuso.ProgramResult<{outputs}>>";
        code.Member();
        code.Line($"private static readonly global::Ryuso.Definitions.ProgramCall<{args}, {outputs}> {call} = new(");
        code.Indented(() =>
        {
            code.Line($"Program: {index},");
            code.Line($"WriteArgs: static (pool, args) => {pool}.{PoolEmitter.WriteArgs(program)}(args),");
            code.Line($"ReadOutputs: {(isScalar ? $"static pool => {pool}.{PoolEmitter.ReadOutputs(program)}()" : "null")},");
            code.Line($"ToPool: static args => args.{ProgramEmitter.ToPool}(),");
            code.Line($"FromAnswer: {outputs}.{ProgramEmitter.FromAnswer});");
        });
        code.Member();
        code.Line($"/// <inheritdoc cref=\"{name}Async({args}, global::Ryuso.CallOptions, {CancellationToken})\"/>");
        code.Line($"public {task} {name}Async({args} args, {CancellationToken} cancellationToken = default) =>");
        code.Indented(() => code.Line($"RunAsync({call}, args, options: null, cancellationToken);"));
        code.Member();
        code.Doc("summary", program.Description ?? $"Runs the program '{program.Name}'.");
        code.Doc("param name=\"args\"", "The program's arguments.");
        code.Doc("param name=\"options\"", "The run's id and metadata; null for a new id and none.");
        code.Doc("param name=\"cancellationToken\"", "Gives up waiting for the run's turn. A run that has begun is not cancelled.");
        code.Doc("returns", "How the run ended: a failed or rejected run is a result, not an exception.");
        code.Line($"public {task} {name}Async({args} args, global::Ryuso.CallOptions? options, {CancellationToken} cancellationToken = default) =>");
        code.Indented(() => code.Line($"RunAsync({call}, args, options, cancellationToken);"));
    }

    private static void EmitInvoke(CodeWriter code, BoundSpec bound, Dictionary<string, string> fields)
    {
        Dictionary<string, BoundHook> byName = bound.Classes.SelectMany(c => c.Hooks).ToDictionary(h => h.Hook.Name);
        List<BoundHook> inOrder = [.. bound.Spec.Model.Hooks.Select(h => byName[h.Name])];
        code.Member();
        code.Line("/// <inheritdoc/>");
        code.Open($"protected override global::System.Threading.Tasks.ValueTask<{CSharp.HookResult}> InvokeAsync(int hook, {Instances} hooks, global::Ryuso.DataPool pool, in global::Ryuso.HookContext context)");
        if (inOrder.Exists(IsCalledOnInstance))
        {
            code.Line("var instances = (Hooks)hooks;");
        }

        code.Line($"var variables = ({bound.Spec.Pool})pool;");
        code.Open("return hook switch");
        foreach ((BoundHook hook, int index) in inOrder.Select((h, i) => (h, i)))
        {
            code.Line($"{index} => {Name(hook)}({(IsCalledOnInstance(hook) ? "instances, " : "")}variables, context),");
        }

        code.Line("_ => throw new global::System.ArgumentOutOfRangeException(nameof(hook)),");
        code.Close(";");
        code.Close();
        foreach (BoundHook hook in inOrder)
        {
            EmitCall(code, bound.Spec, hook, fields);
        }
    }

    private static bool IsCalledOnInstance(BoundHook hook) => hook.Method is { IsStatic: false };

    private static string Name(BoundHook hook) => "Invoke" + SpecNaming.ToPascalCase(hook.Hook.Name);

    private static void EmitCall(CodeWriter code, GeneratableSpec spec, BoundHook hook, Dictionary<string, string> fields)
    {
        string head = $"global::System.Threading.Tasks.ValueTask<{CSharp.HookResult}> {Name(hook)}({(IsCalledOnInstance(hook) ? "Hooks hooks, " : "")}{spec.Pool} pool, {(hook.Method?.Awaited is null ? "in " : "")}global::Ryuso.HookContext context)";
        code.Member();
        if (hook.Method is not { } method)
        {
            code.Line($"private static {head} => throw new global::System.NotSupportedException();");
            return;
        }

        string target = method.IsStatic ? "global::" + hook.Target.FullClass : "hooks." + fields[hook.Target.FullClass];
        string call = $"{target}.{hook.Target.Method}({string.Join(", ", method.Parameters.Select(p => p.Input switch
        {
            HookInput.Args => $"pool.{PoolEmitter.Read(hook.Hook)}()",
            HookInput.Pool => "pool",
            HookInput.Context => "context",
            _ => "context.CancellationToken",
        }))})";
        if (method.Awaited is null)
        {
            EmitSync(code, $"private static {head}", call, hook, method);
        }
        else
        {
            EmitAsync(code, $"private static async {head}", call + ".ConfigureAwait(false)", hook, method);
        }
    }

    private static void EmitSync(CodeWriter code, string head, string call, BoundHook hook, BoundMethod method)
    {
        switch (method.Returns)
        {
            case HookReturn.Result:
                code.Line($"{head} => new({call});");
                break;
            case HookReturn.Outputs:
                code.Line($"{head} => new(pool.{PoolEmitter.Write(hook.Hook)}({call}));");
                break;
            default:
                code.Open(head);
                code.Line($"{call};");
                code.Line("return default;");
                code.Close();
                break;
        }
    }

    private static void EmitAsync(CodeWriter code, string head, string call, BoundHook hook, BoundMethod method)
    {
        switch (method.Returns)
        {
            case HookReturn.Result:
                code.Line($"{head} => await {call};");
                break;
            case HookReturn.Outputs:
                code.Line($"{head} => pool.{PoolEmitter.Write(hook.Hook)}(await {call});");
                break;
            default:
                code.Open(head);
                code.Line($"await {call};");
                code.Line($"return {CSharp.HookResult}.Ok;");
                code.Close();
                break;
        }
    }
}
