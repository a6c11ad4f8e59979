using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ryuso.Spec;
using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;

namespace Ryuso.Tests.Running;

/// <summary>Runs a spec whose hooks are lambdas: the runtime path of generated code, without the compiler.</summary>
internal sealed class SpecOrchestrator : Orchestrator
{
    private readonly Func<string, DataPool, HookContext, ValueTask<HookResult>> _hook;

    private SpecOrchestrator(SpecDefinition definition, Func<string, DataPool, HookContext, ValueTask<HookResult>> hook, ILogger? logger, TimeProvider? time)
        : base(definition, logger, time) => _hook = hook;

    public static SpecOrchestrator Of(
        string spec,
        Func<string, DataPool, HookContext, ValueTask<HookResult>> hook,
        ILogger? logger = null,
        TimeProvider? time = null)
    {
        SpecResult result = SpecReader.Read(spec);

        // The checks of flow can be turned off, so the runtime must hold without them.
        Assert.Empty(result.Problems.Where(p => p.Severity == ProblemSeverity.Error && !ProblemCodes.IsFlow(p.Code)).Select(p => p.Message));
        return new SpecOrchestrator(Define(result), hook, logger, time);
    }

    public static SpecOrchestrator Of(string spec, Func<string, DataPool, HookResult> hook) =>
        Of(spec, (name, pool, _) => new ValueTask<HookResult>(hook(name, pool)));

    public async Task<JsonObject> AnswerAsync(string program, string pool = "{}", string metadata = "{}")
    {
        ProgramResult result = await RunAsync(program, (JsonObject)JsonNode.Parse(pool)!, (JsonObject)JsonNode.Parse(metadata)!, TestContext.Current.CancellationToken);
        return result.Answer;
    }

    protected override DataPool CreatePool() => new Pool();

    protected override ValueTask<HookResult> InvokeAsync(int hook, DataPool pool, in HookContext context) =>
        _hook(Definition.Hooks[hook].Reference["hooks.".Length..], pool, context);

    private static SpecDefinition Define(SpecResult result)
    {
        SpecModel model = result.Model!;
        string[] variables = [.. model.Programs.SelectMany(p => p.Args.Concat(p.Outputs))
            .Concat(model.Hooks.SelectMany(h => h.Args)).Select(a => a.Name).Distinct()];
        ArgDefinition Arg(ArgModel arg) => new(Array.IndexOf(variables, arg.Name), arg.Name, (SpecType)arg.Type, arg.Required, arg.Default);
        static LineStep Step(PlanStep step) => new((StepKind)step.Kind, step.Index, step.IsDependency);
        return new SpecDefinition(
            model.Name,
            model.Version,
            variables,
            [.. model.Hooks.Select(h => new HookDefinition(
                "hooks." + h.Name,
                [.. h.Args.Select(Arg)],
                [.. result.Reversals.Single(r => r.Hook == h.Name).Rectifiers.Select(line => line.Select(Step).ToArray())],
                h.Attempts, h.RetryDelayMs, h.TimeoutMs ?? 0, h.RectifySelf))],
            [.. model.Programs.Select(p => new ProgramDefinition(
                p.Name, p.Description, [.. p.Args.Select(Arg)], [.. p.Outputs.Select(Arg)],
                [.. result.Plans.Single(l => l.Program == p.Name).Steps.Select(Step)]))]);
    }

    private sealed class Pool : DataPool;
}
