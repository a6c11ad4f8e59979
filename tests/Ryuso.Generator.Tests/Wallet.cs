namespace Ryuso.Generator.Tests;

/// <summary>A small spec for tests: two hooks of one class, one of them with outputs, and a program.</summary>
internal static class Wallet
{
    public const string Spec = """
        {
          "name": "Wallet",
          "version": "1.0.0",
          "programs": {
            "transfer": {
              "description": "Moves money.",
              "hooks": ["hooks.debit", "hooks.notify"],
              "args": {
                "from": { "type": "string", "required": true, "description": "The account that pays" },
                "amount": { "type": "int", "required": true },
                "note": { "type": "string", "required": false, "default": "" },
                "tags": { "type": "list", "required": false }
              },
              "outputs": {
                "balance": { "type": "int", "required": true, "description": "In cents" }
              }
            }
          },
          "hooks": {
            "debit": {
              "description": "Takes money off an account.",
              "reference": "wallet.hooks.ledger.debit",
              "args": {
                "from": { "type": "string", "required": true },
                "amount": { "type": "int", "required": true },
                "rate": { "type": "float", "required": false, "default": 1.5 }
              },
              "outputs": {
                "balance": { "type": "int", "required": true }
              },
              "rectifiers": ["hooks.notify"]
            },
            "notify": {
              "reference": "wallet.hooks.ledger.notify",
              "args": {
                "note": { "type": "string", "required": false },
                "tags": { "type": "list", "required": false }
              },
              "retry": { "attempts": 3, "delay_ms": 10 },
              "timeout_ms": 500
            }
          }
        }
        """;

    public const string Usings = """
        using Ryuso;
        using System.Threading;
        using System.Threading.Tasks;
        using Wallet;

        """;

    /// <summary>The hook class with one method more than <see cref="Notify"/>.</summary>
    public static string Ledger(string members, string declaration = "public sealed partial class Ledger") =>
        $"{Usings}namespace Wallet.Hooks;\n\n/// <summary>Hooks.</summary>\n{declaration}\n{{\n{members}\n}}\n";

    public const string Debit = "    public partial DebitOutputs Debit(DebitArgs args) => new(args.Amount);";

    public const string Notify = "    public partial void Notify(NotifyArgs args) { }";
}
