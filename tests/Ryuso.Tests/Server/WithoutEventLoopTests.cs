namespace Ryuso.Tests.Server;

/// <summary>The same on the threads of the pool, as on a system without epoll.</summary>
public sealed class KeptConnectionWithoutEventLoopTests : KeptConnectionTests
{
    private protected override bool UsesEventLoop => false;
}

/// <inheritdoc cref="KeptConnectionWithoutEventLoopTests"/>
public sealed class AttackWithoutEventLoopTests : AttackTests
{
    private protected override bool UsesEventLoop => false;
}
