namespace Ryuso.Server.Connections;

/// <summary>
/// Which programs are fast enough to run on an event loop. A program counts as fast after one fast run, and as slow after two slow ones in
/// a row: a single one may only have been interrupted. Written by whoever holds the lane, read by all; a stale answer costs time only.
/// </summary>
internal sealed class ProgramLatencyTracker(int programCount)
{
    private const byte MaxFastScore = 2;

    private readonly byte[] _fastScores = new byte[programCount];

    /// <summary>Whether the program's runs take so little time that the answers before one can wait for its own.</summary>
    /// <param name="program">The program's index; -1 for one that is not known.</param>
    public bool IsFast(int program) => program >= 0 && _fastScores[program] > 0;

    public void RecordRun(int program, bool isFast)
    {
        if (program >= 0 && (!isFast || _fastScores[program] < MaxFastScore))
        {
            _fastScores[program] = isFast ? MaxFastScore : (byte)(_fastScores[program] >> 1);
        }
    }
}
