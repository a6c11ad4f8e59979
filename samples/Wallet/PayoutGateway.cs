namespace Wallet;

/// <summary>The way out of the wallet: a bank, a payment provider, a chain.</summary>
public interface IPayoutGateway
{
    /// <summary>Pays; the same <paramref name="key"/> is paid once however often it is asked for. Returns the gateway's name for the payout.</summary>
    Task<string> PayAsync(string key, string tx, string account, long amount, CancellationToken cancellationToken);

    /// <summary>Cancels a transaction's payout; one that the gateway has never seen is no error.</summary>
    Task CancelAsync(string tx, CancellationToken cancellationToken);
}

/// <summary>A gateway that pays nobody: it writes the payout into the wallet's own file.</summary>
public sealed class LocalPayoutGateway(WalletDb db) : IPayoutGateway
{
    /// <inheritdoc/>
    public async Task<string> PayAsync(string key, string tx, string account, long amount, CancellationToken cancellationToken)
    {
        await Task.Yield(); // a real gateway answers later, on another thread
        cancellationToken.ThrowIfCancellationRequested();
        db.AddPayout(key, tx, account, amount);
        return "local-" + tx;
    }

    /// <inheritdoc/>
    public async Task CancelAsync(string tx, CancellationToken cancellationToken)
    {
        await Task.Yield();
        db.CancelPayout(tx);
    }
}
