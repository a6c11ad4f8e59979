using Ryuso.Definitions;
using Ryuso.Spec;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;
using PlanOp = Ryuso.Definitions.PlanOp;
using PlanOpKind = Ryuso.Definitions.PlanOpKind;
using SpecType = Ryuso.Definitions.SpecType;

namespace Ryuso.TestKit;

/// <summary>A spec as the runtime knows it, without the generator.</summary>
internal static class SpecDefinitions
{
    /// <param name="spec">The spec's text, which must be right but for the flow of variables: those checks can be turned off, so the runtime must hold without them.</param>
    public static SpecDefinition Compile(string spec)
    {
        SpecResult result = SpecReader.Read(spec);
        Assert.Empty(result.Problems.Where(p => p.Severity == ProblemSeverity.Error && !ProblemCodes.IsFlow(p.Code)).Select(p => p.Message));
        SpecModel model = result.Model!;
        string[] variables = [.. model.Programs.SelectMany(p => p.Args.Concat(p.Outputs))
            .Concat(model.Hooks.SelectMany(h => h.Args)).Select(a => a.Name).Distinct()];
        ArgDefinition Arg(ArgModel arg) => new(Array.IndexOf(variables, arg.Name), arg.Name, (SpecType)arg.Type, arg.Required, arg.Default)
        {
            Items = arg.Items is { } items ? Field(items) : null,
            Fields = arg.Fields is { } fields ? [.. fields.Select(Field)] : null,
        };
        static FieldDefinition Field(ArgModel arg) => new(arg.Name, (SpecType)arg.Type, arg.Required, arg.Default, arg.Description)
        {
            Items = arg.Items is { } items ? Field(items) : null,
            Fields = arg.Fields is { } fields ? [.. fields.Select(Field)] : null,
        };
        static PlanOp Step(Ryuso.Spec.Planning.PlanOp step) => new((PlanOpKind)step.Kind, step.Index, step.IsDependency);
        return new SpecDefinition(
            model.Name,
            model.Version,
            variables,
            [.. model.Hooks.Select(h => new HookDefinition(
                "hooks." + h.Name,
                [.. h.Args.Select(Arg)],
                [.. result.Reversals.Single(r => r.Hook == h.Name).Rectifiers.Select(line => line.Select(Step).ToArray())],
                h.Attempts, h.RetryDelayMs, h.TimeoutMs ?? 0, h.RectifySelf)
            {
                Backoff = h.Backoff is { } backoff ? new(backoff.Factor, backoff.MaxDelayMs, backoff.HasJitter) : null,
            })],
            [.. model.Programs.Select(p => new ProgramDefinition(
                p.Name, p.Description, [.. p.Args.Select(Arg)], [.. p.Outputs.Select(Arg)],
                [.. result.Plans.Single(l => l.Program == p.Name).Steps.Select(Step)])
            {
                Key = p.Key is { } key ? [.. key] : null,
                HoldsKeysWhenStuck = p.IsHeldWhenStuck,
            })]);
    }
}
