using System.Globalization;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator.Binding;
using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Emit;

/// <summary>The compiled spec: variables, hooks, programs and their lines.</summary>
internal static class DefinitionEmitter
{
    public static SourceText Emit(GeneratableSpec spec)
    {
        EquatableArray<Variable> variables = PoolEmitter.Variables(spec.Model);
        Dictionary<string, int> slots = variables.Select((v, slot) => (v.Name, slot)).ToDictionary(v => v.Name, v => v.slot);
        var code = new CodeWriter(spec.Namespace);
        code.DocXml("summary", $"The compiled form of <c>{Xml.Escape(spec.Model.Name)}</c>.");
        code.Generated();
        code.Open($"internal static class {spec.Definition}");
        code.Line("internal static readonly global::Ryuso.Definitions.SpecDefinition Spec = new(");
        code.Indented(() =>
        {
            code.Line($"{CSharp.Text(spec.Model.Name)},");
            code.Line($"{CSharp.Text(spec.Model.Version)},");
            code.Line($"[{string.Join(", ", variables.Select(v => CSharp.Text(v.Name)))}],");
            EmitHooks(code, spec, slots);
            EmitPrograms(code, spec, slots);
        });
        code.Close();
        return code.ToSourceText();
    }

    private static void EmitHooks(CodeWriter code, GeneratableSpec spec, Dictionary<string, int> slots)
    {
        Dictionary<string, ReversalPlan> reversals = spec.Reversals.ToDictionary(r => r.Hook);
        code.Line("[");
        code.Indented(() =>
        {
            foreach (HookModel hook in spec.Model.Hooks)
            {
                code.Line($"new({CSharp.Text("hooks." + hook.Name)},");
                code.Indented(() =>
                {
                    EmitArgs(code, hook.Args, slots);
                    string rectifiers = reversals.TryGetValue(hook.Name, out ReversalPlan reversal) ? string.Join(", ", reversal.Rectifiers.Select(r => Line(r))) : "";
                    code.Line($"[{rectifiers}]{Options(hook)}){Backoff(hook)},{Named(hook.Rectifiers)}");
                });
            }
        });
        code.Line("],");
    }

    private static void EmitPrograms(CodeWriter code, GeneratableSpec spec, Dictionary<string, int> slots)
    {
        Dictionary<string, Plan> plans = spec.Plans.ToDictionary(p => p.Program);
        code.Line("[");
        code.Indented(() =>
        {
            foreach (ProgramModel program in spec.Model.Programs)
            {
                code.Line($"new({CSharp.Text(program.Name)}, {CSharp.Text(program.Description)},");
                code.Indented(() =>
                {
                    EmitArgs(code, program.Args, slots);
                    EmitArgs(code, program.Outputs, slots);
                    code.Line($"{Line(plans.TryGetValue(program.Name, out Plan plan) ? plan.Steps : default)}){Key(program)},{Named(program.Hooks)}");
                });
            }
        });
        code.Line("]);");
    }

    private static string Key(ProgramModel program) => program.Key is not { } key ? ""
        : $" {{ Key = [{string.Join(", ", key.Select(CSharp.Text))}], HoldsKeysWhenStuck = {CSharp.Bool(program.IsHeldWhenStuck)} }}";

    private static string Options(HookModel hook) => string.Concat(
        hook.Attempts == 1 ? "" : $", Attempts: {Number(hook.Attempts)}",
        hook.RetryDelayMs == 0 ? "" : $", RetryDelayMs: {Number(hook.RetryDelayMs)}",
        hook.TimeoutMs is null ? "" : $", TimeoutMs: {Number(hook.TimeoutMs.Value)}",
        hook.RectifySelf ? ", RectifySelf: true" : "");

    private static string Backoff(HookModel hook) => hook.Backoff is not { } backoff ? ""
        : $" {{ Backoff = new({backoff.Factor.ToString("R", CultureInfo.InvariantCulture)}, {Number(backoff.MaxDelayMs)}, {CSharp.Bool(backoff.HasJitter)}) }}";

    private static void EmitArgs(CodeWriter code, EquatableArray<ArgModel> args, Dictionary<string, int> slots)
    {
        if (args.Count == 0)
        {
            code.Line("[],");
            return;
        }

        code.Line("[");
        code.Indented(() =>
        {
            foreach (ArgModel arg in args)
            {
                code.Line($"new({Number(slots[arg.Name])}, {Field(arg)},");
            }
        });
        code.Line("],");
    }

    /// <summary>What an argument has in common with a field, from its name to the end of the expression.</summary>
    private static string Field(ArgModel arg)
    {
        string rest = arg.Description is not null ? $", {CSharp.Text(arg.Default)}, {CSharp.Text(arg.Description)}"
            : arg.Default is not null ? $", {CSharp.Text(arg.Default)}" : "";
        string shape = arg.Items is { } items ? $" {{ Items = new({Field(items)} }}"
            : arg.Fields is { } fields ? $" {{ Fields = [{string.Join(", ", fields.Select(f => $"new({Field(f)}"))}] }}" : "";
        return $"{CSharp.Text(arg.Name)}, global::Ryuso.Definitions.SpecType.{arg.Type}, {CSharp.Bool(arg.Required)}{rest}){shape}";
    }

    /// <summary>A line as numbers, the way <c>PlanOp.Decode</c> reads it: long lines as C# expressions would be megabytes.</summary>
    private static string Line(IEnumerable<PlanOp> line) =>
        $"global::Ryuso.Definitions.PlanOp.Decode([{string.Join(", ", line.Select(s => Number((s.Index * 8) + ((int)s.Kind * 2) + (s.IsDependency ? 1 : 0))))}])";

    private static string Named(EquatableArray<SpecReference> references) =>
        references.Count == 0 ? "" : " // " + string.Join(" → ", references.Select(r => Xml.Escape(r.ToString())));

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
