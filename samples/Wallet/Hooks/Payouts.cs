using Ryuso;

namespace Wallet.Hooks;

/// <summary>Money that leaves the wallet.</summary>
public sealed partial class Payouts(IPayoutGateway gateway)
{
    public async partial Task<PayOutOutputs> PayOut(PayOutArgs args, HookContext context, CancellationToken cancel)
    {
        if (args.GatewayDown)
        {
            throw new HookFailedException("The payout gateway is down.");
        }

        return new PayOutOutputs(await gateway.PayAsync(context.IdempotencyKey, args.Tx, args.From, args.Amount, cancel));
    }

    public async partial Task CancelPayout(CancelPayoutArgs args, CancellationToken cancel) =>
        await gateway.CancelAsync(args.Tx, cancel);
}
