using Wallet;

namespace Ryuso.Samples.Tests;

internal enum GatewayFault
{
    None,

    /// <summary>It refuses, and pays nothing.</summary>
    BeforePaying,

    /// <summary>It pays, and the answer is lost.</summary>
    AfterPaying,

    /// <summary>It pays, the answer is lost, and the first attempt to cancel fails too.</summary>
    AfterPayingAndAtFirstCancel,
}

/// <summary>A gateway that fails as real ones do.</summary>
internal sealed class FaultyGateway(IPayoutGateway inner) : IPayoutGateway
{
    private bool _cancelFails;

    public GatewayFault Fault { get; set; }

    public async Task<string> PayAsync(string key, string tx, string account, long amount, CancellationToken cancellationToken)
    {
        _cancelFails = Fault == GatewayFault.AfterPayingAndAtFirstCancel;
        if (Fault == GatewayFault.BeforePaying)
        {
            throw new HttpRequestException("The gateway is overloaded.");
        }

        string payout = await inner.PayAsync(key, tx, account, amount, cancellationToken);
        return Fault == GatewayFault.None ? payout : throw new HttpRequestException("The gateway's answer was lost.");
    }

    public Task CancelAsync(string tx, CancellationToken cancellationToken)
    {
        if (_cancelFails)
        {
            _cancelFails = false;
            throw new HttpRequestException("The gateway is overloaded.");
        }

        return inner.CancelAsync(tx, cancellationToken);
    }
}
