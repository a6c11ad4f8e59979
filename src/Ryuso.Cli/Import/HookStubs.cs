using System.Text;
using Ryuso.Spec;
using Ryuso.Spec.Model;

namespace Ryuso.Cli.Import;

/// <summary>A file with the stubs of one hook class. One that was there already is kept.</summary>
internal sealed record StubFile(string Path, IReadOnlyList<string> Methods, bool Written);

/// <summary>C# for hooks that nobody has written yet: it compiles, and each hook fails until it is written.</summary>
internal static class HookStubs
{
    public static List<StubFile> Write(SpecModel spec, string folder, bool force, bool dryRun)
    {
        List<StubFile> files = [];
        foreach (IGrouping<(string Namespace, string Class), (HookTarget Target, HookModel Hook)> type in spec.Hooks
            .Select(h => (Target: SpecNaming.Target(spec, h), Hook: h))
            .GroupBy(h => (h.Target.Namespace, h.Target.Class)))
        {
            string path = Path.Combine([folder, .. type.Key.Namespace.Split('.').Skip(1), type.Key.Class + ".cs"]);
            bool isWritten = force || !File.Exists(path);
            if (isWritten && !dryRun)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, Code(spec, type.Key.Namespace, type.Key.Class, type));
            }

            files.Add(new StubFile(path, [.. type.Select(h => h.Target.Method)], isWritten));
        }

        return files;
    }

    public static string Code(SpecModel spec, string space, string type, IEnumerable<(HookTarget Target, HookModel Hook)> hooks)
    {
        string root = SpecNaming.ToPascalCase(spec.Name);
        var code = new StringBuilder();
        code.Append("using System;\nusing Ryuso;\n\n");
        code.Append($"namespace {space};\n\npublic sealed partial class {type}\n{{\n");
        bool isFirst = true;
        foreach ((HookTarget target, HookModel hook) in hooks)
        {
            string returns = hook.Outputs is { Count: > 0 } ? target.Method + "Outputs" : "HookResult";
            code.Append(isFirst ? "" : "\n");
            code.Append($"    // In Python: {hook.Reference}{(hook.Description is null ? "" : $". {OneLine(hook.Description)}")}\n");
            code.Append($"    public partial {returns} {target.Method}({target.Method}Args args, global::{root}.{root}Pool pool) =>\n");
            code.Append($"        throw new NotImplementedException(\"{hook.Reference} is not written yet.\");\n");
            isFirst = false;
        }

        return code.Append("}\n").ToString();
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
