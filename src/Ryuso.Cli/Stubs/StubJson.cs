using System.Text.Json.Nodes;
using Ryuso.Cli.Output;

namespace Ryuso.Cli.Stubs;

/// <summary>Stub files for scripts.</summary>
internal static class StubJson
{
    public static JsonArray Of(IEnumerable<StubFile> files, Terminal terminal) => new([.. files.Select(f => new JsonObject
    {
        ["file"] = terminal.Show(f.Path),
        ["written"] = !f.IsKept,
        ["methods"] = new JsonArray([.. f.Methods.Select(m => JsonValue.Create(m))]),
    })]);
}
