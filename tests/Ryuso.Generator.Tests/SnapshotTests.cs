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
}
