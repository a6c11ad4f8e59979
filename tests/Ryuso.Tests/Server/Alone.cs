namespace Ryuso.Tests.Server;

/// <summary>Tests that look at the memory and the handles of the process: none runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
