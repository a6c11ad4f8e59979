namespace Ryuso;

/// <summary>Where the answer of <see cref="Orchestrator.RunJsonAsync"/> comes from.</summary>
public enum JsonAnswerOrigin
{
    /// <summary>The program ran, well or not.</summary>
    Run,

    /// <summary>The journal: the same id and request came before, and nothing ran again.</summary>
    Record,

    /// <summary>The request was refused, and nothing ran.</summary>
    Rejection,

    /// <summary>The id was used before with another request. Nothing ran.</summary>
    RunIdReused,

    /// <summary>The run of this id has begun and not ended, as after a crash. Nothing ran again.</summary>
    Unfinished,

    /// <summary>The journal cannot be written or read. Nothing of this request ran.</summary>
    JournalUnavailable,

    /// <summary>The journal failed under the run, so its outcome is not known: ask again with the same id.</summary>
    OutcomeUnknown,
}
