using Ryuso;

namespace Wallet.Hooks;

/// <summary>What the owners are told.</summary>
public static partial class Notices
{
    public static partial HookResult Notify(NotifyArgs args) =>
        args.NotifierDown ? HookResult.Fail($"The notifier is down; nobody could be told of {args.Amount} cents.") : HookResult.Ok;
}
