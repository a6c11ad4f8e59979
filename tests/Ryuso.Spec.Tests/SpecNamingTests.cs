using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Tests;

public sealed class SpecNamingTests
{
    [Theory]
    [InlineData("tx_id", "TxId")]
    [InlineData("txId", "TxId")]
    [InlineData("GRC wallet", "GRCWallet")]
    [InlineData("my_orchestrator", "MyOrchestrator")]
    [InlineData("a-b c", "ABC")]
    [InlineData("_leading__and_trailing_", "LeadingAndTrailing")]
    [InlineData("tx_1", "Tx1")]
    [InlineData("class", "Class")]
    [InlineData("größte prüfung", "GrößtePrüfung")]
    [InlineData("éa", "Éa")]
    [InlineData("日本_語", "日本語")]
    public void Names_become_pascal_case(string name, string expected) => Assert.Equal(expected, SpecNaming.ToPascalCase(name));

    [Theory]
    [InlineData("A", true)]
    [InlineData("Größe1", true)]
    [InlineData("हिन्दी", true)]
    [InlineData("", false)]
    [InlineData("1A", false)]
    [InlineData("A.B", false)]
    [InlineData("A\u200D", false)]
    [InlineData("😀", false)]
    public void An_identifier_is_a_letter_and_then_letters_digits_and_their_marks(string name, bool expected) => Assert.Equal(expected, SpecNaming.IsIdentifier(name));

    [Theory]
    [InlineData("my_orchestrator.util.math.is_prime", "MyOrchestrator.Util", "Math", "IsPrime")]
    [InlineData("util.math.is_prime", "MyOrchestrator.Util", "Math", "IsPrime")]
    [InlineData("math.is_prime", "MyOrchestrator", "Math", "IsPrime")]
    [InlineData("my_orchestrator.is_prime", "MyOrchestrator", "Hooks", "IsPrime")]
    [InlineData("is_prime", "MyOrchestrator", "Hooks", "IsPrime")]
    [InlineData("my_orchestrator", "MyOrchestrator", "Hooks", "MyOrchestrator")]
    public void A_reference_leads_to_a_method(string reference, string space, string type, string method) =>
        Assert.Equal(new HookTarget(space, type, method), SpecNaming.Target("My orchestrator", reference));

    [Theory]
    [InlineData("chek", "check")]
    [InlineData("hcek", "check")]
    [InlineData("ARGS", "args")]
    [InlineData("n", null)]
    [InlineData("something_else", null)]
    [InlineData("", null)]
    public void The_nearest_name_is_near(string name, string? expected) => Assert.Equal(expected, NearestName.Find(name, ["args", "check", "m"]));
}
