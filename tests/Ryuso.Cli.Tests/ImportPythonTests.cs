using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Ryuso.TestKit;

namespace Ryuso.Cli.Tests;

/// <summary><c>ryuso import-python</c>.</summary>
public sealed class ImportPythonTests : IDisposable
{
    private const string Original = """
        { "name": "GRC wallet",
          "version": "1.2.3",
          "programs": {
            "make_deposit": { "hooks": ["hooks.check_user", "hooks.credit", "hooks.log"],
              "args": { "user": { "type": "string", "required": true }, "tags": { "type": "list", "required": false, "default": [] } },
              "outputs": { "balance": { "type": "float", "required": true } } } },
          "hooks": {
            "check_user": { "reference": "grc_wallet.util.users.check_user", "args": { "user": { "type": "str", "required": true } } },
            "credit": { "reference": "grc_wallet.ledger.credit", "args": { "fee": { "type": "float", "required": false, "default": 0.5 } },
              "dependencies": ["hooks.lock"], "rectifiers": ["hooks.debit"], "description": "Adds\nmoney" },
            "debit": { "reference": "grc_wallet.ledger.debit", "args": {}, "dependencies": ["hooks.check_user"] },
            "lock": { "reference": "grc_wallet.ledger.lock", "args": {}, "rectifiers": ["hooks.unlock"] },
            "unlock": { "reference": "grc_wallet.ledger.unlock", "args": {} },
            "log": { "reference": "log", "args": {} } } }
        """;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> GoodSpecs =>
        [.. Directory.GetFiles(Repository.File("tests/Ryuso.Spec.Tests/Corpus/good"), "*.ryu.json").Select(f => Path.GetRelativePath(Repository.Root, f)), "samples/Wallet/ryu_spec.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_will_differ_is_told_with_the_places_where_it_does()
    {
        Write("ryu_spec.json", Original);
        Tool tool = await Tool.RunAsync(_folder.FullPath, "import-python", "ryu_spec.json", "--json");
        IEnumerable<string> told = tool.Json["differences"]!.AsArray()
            .Select(d => $"{d!["topic"]}: {string.Join("; ", d["places"]!.AsArray().Select(p => $"{p!["reference"]} {p["detail"]}".TrimEnd()))}");
        Assert.Equal(
            [
                "args_checked: programs.make_deposit user string, tags list = []",
                "outputs_checked: programs.make_deposit balance",
                "hook_args_checked: hooks.check_user; hooks.credit",
                "hook_defaults: hooks.credit fee",
                "fresh_defaults: programs.make_deposit tags",
                "dependencies_reversed: hooks.lock",
                "failed_dependency: hooks.credit hooks.lock",
                "rectifier_dependency: hooks.debit hooks.check_user",
                "roles: hooks.check_user",
            ],
            told);
        Assert.Equal(0, tool.ExitCode);
    }

    [Fact]
    public async Task Spec_with_keys_is_told_what_may_run_side_by_side()
    {
        Write("ryu_spec.json", Original.Replace("\"make_deposit\": {", "\"make_deposit\": { \"key\": \"user\",", StringComparison.Ordinal));
        Tool tool = await Tool.RunAsync(_folder.FullPath, "import-python", "ryu_spec.json", "--json", "--dry-run");
        JsonNode keys = tool.Json["differences"]!.AsArray().Single(d => (string?)d!["topic"] == "keys")!;
        Assert.Equal("""[{"reference":"programs.make_deposit","detail":"user"}]""", keys["places"]!.ToJsonString());
    }

    [Fact]
    public async Task The_stubs_are_written_where_the_references_lead_and_compile()
    {
        Write("ryu_spec.json", Original);
        Tool tool = await Tool.RunAsync(_folder.FullPath, "import-python", "ryu_spec.json", "-o", "src");
        string[] files = ["src/Util/Users.cs", "src/Ledger.cs", "src/Hooks.cs"];
        Assert.Contains("wrote src/Ledger.cs: Credit, Debit, Lock, Unlock\n", tool.Output, StringComparison.Ordinal);
        Assert.Contains("// In Python: grc_wallet.ledger.credit. Adds money\n", File.ReadAllText(_folder.File("src/Ledger.cs")), StringComparison.Ordinal);
        AssertCompiles(_folder.File("ryu_spec.json"), files.Select(_folder.File));
    }

    [Theory]
    [MemberData(nameof(GoodSpecs))]
    public async Task The_stubs_of_every_good_spec_compile(string spec)
    {
        Tool tool = await Tool.RunAsync(Repository.Root, "import-python", spec, "-o", _folder.FullPath);
        Assert.Equal((0, ""), (tool.ExitCode, tool.Error));
        AssertCompiles(Repository.File(spec), Directory.GetFiles(_folder.FullPath, "*.cs", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_file_that_is_there_is_kept_unless_forced()
    {
        Write("ryu_spec.json", Original);
        Write("Ledger.cs", "mine");
        Tool kept = await Tool.RunAsync(_folder.FullPath, "import-python", "ryu_spec.json");
        Assert.Contains("kept  Ledger.cs: ", kept.Output, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder.File("Ledger.cs")));
        await Tool.RunAsync(_folder.FullPath, "import-python", "ryu_spec.json", "--force");
        Assert.Contains("partial class Ledger", File.ReadAllText(_folder.File("Ledger.cs")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_original_never_noticed_must_be_corrected_first()
    {
        Write("ryu_spec.json", Original.Replace("hooks.unlock", "hooks.unlokc", StringComparison.Ordinal));
        Tool tool = await Tool.RunAsync(_folder.FullPath, "import-python", "ryu_spec.json");
        Assert.Equal(1, tool.ExitCode);
        Assert.StartsWith("ryu_spec.json(12,81): error RYU105: ", tool.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was written.", tool.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.FullPath, "*.cs", SearchOption.AllDirectories));
    }

    private static void AssertCompiles(string spec, IEnumerable<string> files)
    {
        IEnumerable<Diagnostic> wrong = Compiler.Compile(spec, files.Select(File.ReadAllText)).Where(d => d.Severity == DiagnosticSeverity.Error);
        Assert.Equal("", string.Join('\n', wrong));
    }

    private void Write(string path, string text) => File.WriteAllText(_folder.File(path), text);
}
