using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using Ryuso.Generator;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Tests.Running;

/// <summary>Takes a spec named "t" through the real generator and compiler, with hooks that hand over to <see cref="ScriptedHooks"/>.</summary>
internal static class GeneratedOrchestrator
{
    private static readonly MetadataReference[] s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    public static Orchestrator Of(JsonObject spec, ScriptedHooks hooks, TimeProvider time)
    {
        CSharpCompilation written = CSharpCompilation.Create(
            "generated",
            [CSharpSyntaxTree.ParseText(HookClass(spec))],
            s_references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create([new RyusoGenerator().AsSourceGenerator()], [new SpecText(spec.ToJsonString())])
            .RunGeneratorsAndUpdateCompilation(written, out Compilation whole, out _);
        using var image = new MemoryStream();
        Assert.Empty(whole.Emit(image).Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning));
        Type type = Assembly.Load(image.ToArray()).GetType("T.TOrchestrator", throwOnError: true)!;
        ValueTask<HookResult> Call(string hook, object args, DataPool pool, HookContext context) =>
            hooks.CallAsync(hook, Describe(args, spec["hooks"]![hook]!["args"]!.AsObject()), pool, context);
        return (Orchestrator)Activator.CreateInstance(type, new OneService((Func<string, object, DataPool, HookContext, ValueTask<HookResult>>)Call), null, time)!;
    }

    private static string Describe(object args, JsonObject declared) => string.Join(' ',
        from arg in declared
        let value = JsonText.OfMember(args.GetType().GetProperty(SpecNaming.ToPascalCase(arg.Key))!.GetValue(args))
        where value is not null
        select $"{arg.Key}={(arg.Key == "_run_id" ? "\"id\"" : value)}");

    /// <summary>Three shapes of hook methods in turn.</summary>
    private static string HookClass(JsonObject spec) => $$"""
        using System;
        using System.Threading;
        using System.Threading.Tasks;
        using Ryuso;

        namespace T;

        public sealed partial class Hooks(Func<string, object, DataPool, HookContext, ValueTask<HookResult>> call)
        {
        {{string.Join('\n', spec["hooks"]!.AsObject().Select(h => h.Key).Select((hook, i) => (i % 3) switch
        {
            0 => $"public partial ValueTask<HookResult> {Method(hook)}({Method(hook)}Args args, TPool pool, HookContext context) => call(\"{hook}\", args, pool, context);",
            1 => $"public async partial Task<HookResult> {Method(hook)}(CancellationToken cancel, HookContext context, {Method(hook)}Args args, TPool pool) => await call(\"{hook}\", args, pool, context);",
            _ => $$"""
                public async partial Task {{Method(hook)}}(TPool pool, {{Method(hook)}}Args args, HookContext context)
                {
                    HookResult result = await call("{{hook}}", args, pool, context);
                    if (result.IsFailure)
                    {
                        throw result.IsRefusal ? new HookRefusedException(result.Reason!) { Code = result.Code } : new HookFailedException(result.Reason!) { Code = result.Code };
                    }
                }
                """,
        }))}}
        }
        """;

    private static string Method(string hook) => hook.ToUpperInvariant();

    private sealed class OneService(object service) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType.IsInstanceOfType(service) ? service : null;
    }

    private sealed class SpecText(string text) : AdditionalText
    {
        public override string Path => "ryu_spec.json";

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text, Encoding.UTF8);
    }
}
