using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator.Binding;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Emit;

/// <summary>A variable of the pool. <see cref="Type"/> is null where the spec uses it as more than one type.</summary>
internal sealed record Variable(string Name, SpecType? Type, string? Description);

/// <summary>The typed pool: a property for each variable, and the ways from slots into args records and from outputs records into slots.</summary>
internal static class PoolEmitter
{
    /// <summary>Every variable that the spec names, in the order of their slots.</summary>
    public static EquatableArray<Variable> Variables(SpecModel spec)
    {
        List<string> order = [];
        Dictionary<string, Variable> found = [];
        foreach (ArgModel arg in spec.Programs.SelectMany(p => p.Args.Concat(p.Outputs)).Concat(spec.Hooks.SelectMany(h => h.Args.Concat(h.Outputs ?? default))))
        {
            if (!found.TryGetValue(arg.Name, out Variable variable))
            {
                order.Add(arg.Name);
                found.Add(arg.Name, new Variable(arg.Name, arg.Type, arg.Description));
            }
            else
            {
                found[arg.Name] = variable with
                {
                    Type = variable.Type == arg.Type ? arg.Type : variable.Type is SpecType.Int or SpecType.Float && arg.Type is SpecType.Int or SpecType.Float ? SpecType.Float : null,
                    Description = variable.Description ?? arg.Description,
                };
            }
        }

        return new(order.Select(name => found[name]));
    }

    /// <summary>The pool's methods have one name for each hook.</summary>
    public static string Read(HookModel hook) => $"Read{SpecNaming.ToPascalCase(hook.Name)}Args";

    public static string Write(HookModel hook) => $"Write{SpecNaming.ToPascalCase(hook.Name)}Outputs";

    public static string WriteArgs(ProgramModel program) => $"Write{SpecNaming.ToPascalCase(program.Name)}Args";

    public static string ReadOutputs(ProgramModel program) => $"Read{SpecNaming.ToPascalCase(program.Name)}Outputs";

    public static SourceText Emit(BoundSpec bound)
    {
        GeneratableSpec spec = bound.Spec;
        EquatableArray<Variable> variables = Variables(spec.Model);
        Dictionary<string, int> slots = variables.Select((v, slot) => (v.Name, slot)).ToDictionary(v => v.Name, v => v.slot);
        IReadOnlyList<string> names = MemberNames.OfPool(variables.Select(v => v.Name), spec.Pool, spec.Model.Hooks.SelectMany(h => new[] { Read(h), Write(h) }).Concat(spec.Model.Programs.SelectMany(p => new[] { WriteArgs(p), ReadOutputs(p) })));
        var code = new CodeWriter(spec.Namespace);
        code.DocXml("summary", $"The variables of one run of a program of <c>{Xml.Escape(spec.Model.Name)}</c>; null is absent. Variables that the spec does not name are reached through the indexer.");
        code.Generated();
        code.Open($"public sealed class {spec.Pool} : global::Ryuso.DataPool");
        foreach ((Variable variable, int slot) in variables.Select((v, slot) => (v, slot)))
        {
            code.Member();
            code.DocXml("summary", $"<c>{Xml.Escape(variable.Name)}</c>{(variable.Description is null ? "." : ": " + Xml.Escape(variable.Description))}");
            code.Line(variable.Type is { } type
                ? $"public {CSharp.Type(type)}? {names[slot]} {{ get => {Get(type, slot)}; set => Set({slot}, value); }}"
                : $"public {CSharp.JsonNode}? {names[slot]} {{ get => this[{CSharp.Text(variable.Name)}]; set => this[{CSharp.Text(variable.Name)}] = value; }}");
        }

        foreach (BoundHook hook in bound.Classes.SelectMany(c => c.Hooks))
        {
            EmitRead(code, hook, slots);
            EmitWrite(code, hook, slots);
        }

        foreach (ProgramModel program in spec.Model.Programs)
        {
            EmitProgram(code, spec.Namespace, program, slots);
        }

        code.Close();
        return code.ToSourceText();
    }

    private static void EmitProgram(CodeWriter code, string space, ProgramModel program, Dictionary<string, int> slots)
    {
        string args = ProgramEmitter.Args(program);
        code.Member();
        code.Open($"internal void {WriteArgs(program)}(global::{space}.{args} args)");
        foreach (RecordMember member in ShapeEmitter.Members($"global::{space}.{args}", program.Args))
        {
            code.Line($"Assign({slots[member.Arg.Name]}, {Given(member, "args")});");
        }

        code.Close();
        if (program.Outputs.Any(o => o.Type is SpecType.List or SpecType.Dict))
        {
            return;
        }

        string outputs = ProgramEmitter.Outputs(program);
        code.Member();
        code.Line($"internal global::{space}.{outputs} {ReadOutputs(program)}() =>");
        code.Indented(() => code.Line(RecordEmitter.Construct($"global::{space}.{outputs}", program.Outputs, o => Taken(o, slots[o.Arg.Name], "Output")) + ";"));
    }

    private static void EmitRead(CodeWriter code, BoundHook hook, Dictionary<string, int> slots)
    {
        if (hook.Method?.Parameters.Any(p => p.Input == HookInput.Args) != true)
        {
            return;
        }

        string type = $"global::{hook.Target.FullClass}.{hook.Target.Method}Args";
        code.Member();
        code.Line($"internal {type} {Read(hook.Hook)}() =>");
        code.Indented(() => code.Line(RecordEmitter.Construct(type, hook.Hook.Args, m => Taken(m, slots[m.Arg.Name])) + ";"));
    }

    private static void EmitWrite(CodeWriter code, BoundHook hook, Dictionary<string, int> slots)
    {
        if (hook.Method?.Returns != HookReturn.Outputs || hook.Hook.Outputs is not { } outputs)
        {
            return;
        }

        string record = $"global::{hook.Target.FullClass}.{hook.Target.Method}Outputs";
        code.Member();
        code.Open($"internal {CSharp.HookResult} {Write(hook.Hook)}({record} outputs)");
        foreach (RecordMember member in ShapeEmitter.Members(record, outputs))
        {
            (ArgModel output, string name, _) = member;
            if (output.Required && !CSharp.IsValueType(output.Type))
            {
                code.Open($"if (outputs.{name} is null)");
                code.Line($"return {CSharp.HookResult}.Fail({CSharp.Text($"The hook 'hooks.{hook.Hook.Name}' did not give its output '{output.Name}'.")});");
                code.Close();
                code.Line();
            }

            string value = Given(member, "outputs");
            code.Line($"Set({slots[output.Name]}, {(ShapeEmitter.IsTyped(output) ? ShapeEmitter.Checked(value, output.Name) : value)});");
        }

        code.Line($"return {CSharp.HookResult}.Ok;");
        code.Close();
    }

    /// <summary>A hook's argument after its check: what is required is there.</summary>
    private static string Taken(RecordMember member, int slot, string ofString = "")
    {
        ArgModel arg = member.Arg;
        if (ShapeEmitter.IsTyped(arg))
        {
            return ShapeEmitter.Read(member, Get(arg.Type, slot), $"value{slot}");
        }

        string value = arg.Type == SpecType.String ? $"Get{ofString}String({slot})" : Get(arg.Type, slot);
        return CSharp.IsNullable(arg) ? value
            : arg.Default is not null ? $"{value} ?? {CSharp.Default(arg)}"
            : CSharp.IsValueType(arg.Type) ? value + ".GetValueOrDefault()" : value + "!";
    }

    /// <summary>A member's value as the pool takes it, which copies what is JSON already.</summary>
    private static string Given(RecordMember member, string record) =>
        ShapeEmitter.IsTyped(member.Arg) ? ShapeEmitter.Write(member.Arg, $"{record}.{member.Name}") : $"{record}.{member.Name}";

    private static string Get(SpecType type, int slot) => $"Get{type}({slot})";
}
