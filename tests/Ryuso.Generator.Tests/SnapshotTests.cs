namespace Ryuso.Generator.Tests;

public class SnapshotTests
{
    [Fact]
    public void Generated_code_reads_as_if_a_careful_person_had_written_it()
    {
        Built built = Build.Of(Wallet.Spec, Wallet.Ledger(Wallet.Debit + "\n\n" + Wallet.Notify)).Run();
        built.MustBeClean();
        Snapshot.Matches(built.Files.Select(f => (f.Key[..^".g.cs".Length], f.Value)), "Wallet");
    }

    [Fact]
    public void Lists_and_dicts_of_which_the_spec_says_what_is_in_them_are_records_and_lists()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Typed");
        Built built = Build.Of(File.ReadAllText(Path.Combine(folder, "basket.ryu.json")), File.ReadAllText(Path.Combine(folder, "Baskets.cs"))).Run();
        built.MustBeClean();
        Snapshot.Matches(built.Files.Select(f => (f.Key[..^".g.cs".Length], f.Value)), "Basket");
    }

    [Theory]
    [InlineData("\"key\": [\"from\", \"amount\"],", " { Key = [\"from\", \"amount\"], HoldsKeysWhenStuck = true },")]
    [InlineData("\"key\": \"from\", \"when_stuck\": \"go_on\",", " { Key = [\"from\"], HoldsKeysWhenStuck = false },")]
    [InlineData("\"key\": [],", " { Key = [], HoldsKeysWhenStuck = true },")]
    public void Key_of_a_program_is_compiled_in(string key, string expected)
    {
        Built built = Build.Of(
            Wallet.Spec.Replace("\"description\": \"Moves money.\",", key, StringComparison.Ordinal), Wallet.Ledger(Wallet.Debit + "\n\n" + Wallet.Notify)).Run();
        built.MustBeClean();
        Assert.Contains(expected, built.Files["Wallet.WalletDefinition.g.cs"], StringComparison.Ordinal);
    }
}
