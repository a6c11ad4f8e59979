namespace Ryuso.Orchestration;

/// <summary>Who holds, waits and is stuck, at one moment.</summary>
/// <param name="Running">How many runs are under way.</param>
/// <param name="Waiting">How many wait.</param>
/// <param name="KeyCount">How many keys are held, waited for or kept.</param>
/// <param name="IsAlone">Whether a run that is alone is under way or waits, so that no other begins.</param>
/// <param name="Runs">The runs under way.</param>
/// <param name="Keys">The keys with the longest queues.</param>
internal sealed record LanesSnapshot(
    int Running, int Waiting, int KeyCount, bool IsAlone, IReadOnlyList<PlaceSnapshot> Runs, IReadOnlyList<KeySnapshot> Keys);

/// <summary>A run that holds something.</summary>
/// <param name="RunId">Its id; null where none has been made yet.</param>
/// <param name="Program">Its program.</param>
/// <param name="IsAlone">Whether nothing else may run meanwhile.</param>
/// <param name="Held">How long it has been under way.</param>
internal sealed record PlaceSnapshot(string? RunId, string Program, bool IsAlone, TimeSpan Held);

/// <summary>A key.</summary>
/// <param name="Key">Its value.</param>
/// <param name="First">Who is first in its queue; null where a stuck run alone keeps it.</param>
/// <param name="Waiting">How many wait for it.</param>
/// <param name="StuckRuns">The stuck runs that keep it.</param>
internal sealed record KeySnapshot(string Key, PlaceSnapshot? First, int Waiting, IReadOnlyList<string> StuckRuns);
