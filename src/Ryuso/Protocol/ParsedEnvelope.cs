namespace Ryuso.Protocol;

/// <summary>What of a plain request that has been read concerns others than its run.</summary>
/// <param name="length">Where the request ends.</param>
/// <param name="program">The program's index.</param>
/// <param name="id">The id as it stands in the request; empty where it has none.</param>
internal readonly ref struct ParsedEnvelope(int length, int program, ReadOnlySpan<byte> id)
{
    public int Length { get; } = length;

    public int Program { get; } = program;

    public ReadOnlySpan<byte> Id { get; } = id;
}
