namespace Ryuso.Tests.Server;

/// <summary>The same where runs may go side by side, and share a key.</summary>
public sealed class KeptConnectionWithKeysTests : KeptConnectionTests
{
    private protected override bool IsKeyed => true;
}

/// <inheritdoc cref="KeptConnectionWithKeysTests"/>
public sealed class AttackWithKeysTests : AttackTests
{
    private protected override bool IsKeyed => true;
}

/// <inheritdoc cref="KeptConnectionWithKeysTests"/>
public sealed class KeptConnectionWithKeysWithoutEventLoopTests : KeptConnectionTests
{
    private protected override bool IsKeyed => true;

    private protected override bool UsesEventLoop => false;
}
