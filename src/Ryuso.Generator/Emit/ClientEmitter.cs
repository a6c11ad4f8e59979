using Microsoft.CodeAnalysis.Text;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Generator.Emit;

/// <summary>What a client knows of a spec: its programs, and no hooks.</summary>
internal sealed record ClientModel(string Namespace, string Name, EquatableArray<ProgramModel> Programs)
{
    public string Client => Namespace + "Client";
}

/// <summary>The client: offers each program of a server as a typed method.</summary>
internal static class ClientEmitter
{
    private const string Options = "global::Ryuso.RyusoClientOptions? options";
    private const string CallOptions = "global::Ryuso.CallOptions? options";
    private const string CancellationToken = "global::System.Threading.CancellationToken cancellationToken";

    public static SourceText Emit(ClientModel spec)
    {
        var code = new CodeWriter(spec.Namespace);
        code.DocXml("summary", $"Calls the programs of <c>{Xml.Escape(spec.Name)}</c> on a server, over one connection that is made again when it is lost.");
        code.Generated();
        code.Open($"public sealed class {spec.Client} : global::Ryuso.RyusoClient");
        foreach ((string parameters, string arguments) in new[] { ("string host, int port", "host, port"), ("string server", "server") })
        {
            code.Member();
            code.Line("/// <inheritdoc/>");
            code.Line($"public {spec.Client}({parameters}, {Options} = null) : base({arguments}, options) {{ }}");
        }

        foreach (ProgramModel program in spec.Programs)
        {
            EmitProgram(code, program);
        }

        code.Close();
        return code.ToSourceText();
    }

    private static void EmitProgram(CodeWriter code, ProgramModel program)
    {
        string args = ProgramEmitter.Args(program);
        string outputs = ProgramEmitter.Outputs(program);
        string method = SpecNaming.ToPascalCase(program.Name) + "Async";
        bool gives = program.Outputs.Count > 0;
        string head = $"public global::System.Threading.Tasks.Task{(gives ? $"<{outputs}>" : "")} {method}({args} args";
        code.Member();
        code.Line($"/// <inheritdoc cref=\"{method}({args}, global::Ryuso.CallOptions, global::System.Threading.CancellationToken)\"/>");
        code.Line($"{head}, {CancellationToken} = default) => {method}(args, options: null, cancellationToken);");
        EmitDocs(code, program);
        code.Open($"{head}, {CallOptions}, {CancellationToken} = default)");
        code.Line("global::System.ArgumentNullException.ThrowIfNull(args);");
        code.Line($"return RunAsync({CSharp.Text(program.Name)}, args.{ProgramEmitter.ToPool}(), {(gives ? $"{outputs}.{ProgramEmitter.FromAnswer}, " : "")}options, cancellationToken);");
        code.Close();
    }

    private static void EmitDocs(CodeWriter code, ProgramModel program)
    {
        code.Member();
        code.Doc("summary", program.Description ?? $"Runs the program '{program.Name}'.");
        code.Doc("param name=\"args\"", "The program's arguments.");
        code.Doc("param name=\"options\"", "The run's id and metadata; null for a new id and none.");
        code.Doc("param name=\"cancellationToken\"", "Gives up waiting for the answer. A run that has begun is not cancelled.");
        code.DocXml("exception cref=\"global::Ryuso.ProgramFailedException\"", "The run failed and was undone, or is stuck.");
        code.DocXml("exception cref=\"global::Ryuso.RequestRejectedException\"", "The server turned the request away; nothing ran.");
        code.DocXml("exception cref=\"global::Ryuso.ServerUnreachableException\"", "No connection could be made; nothing ran.");
        code.DocXml("exception cref=\"global::Ryuso.OutcomeUnknownException\"", "The connection was lost after the request had been sent.");
    }
}
