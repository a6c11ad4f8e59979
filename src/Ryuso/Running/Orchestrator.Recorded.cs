using System.Buffers;

namespace Ryuso;

/// <content>With a journal: recovery at the start, decisions of operators, answers that leave when they are durable.</content>
public abstract partial class Orchestrator
{
    private const int RunsPerProgressLine = 100;
    private const int MostStuckLogged = 100;

    /// <inheritdoc cref="Runner.IsRecorded"/>
    internal bool IsRecorded => _runner.IsRecorded;

    /// <inheritdoc cref="Runner.Waited"/>
    internal long Waited => _runner.Waited;

    /// <inheritdoc cref="Runner.IsDurable"/>
    internal bool IsDurable(RecordedAnswer answer) => _runner.IsDurable(answer);

    /// <inheritdoc cref="Runner.FlushAsync"/>
    internal ValueTask<bool> FlushAsync(bool canWait) => _runner.FlushAsync(canWait);

    /// <summary>The answer leaves when its outcome is durable. The lane has been left: the next run shares the commit if it is there already.</summary>
    private async ValueTask AnswerAsync(RecordedAnswer recorded, bool canWait, IBufferWriter<byte> answer)
    {
        bool isDurable = recorded.Position == 0 || await _runner.FlushAsync(canWait).ConfigureAwait(false);
        answer.Write((isDurable ? recorded : RecordedAnswer.Unrecorded()).Json.Span);
    }

    /// <summary>
    /// Records every run from now on, so that a crash loses nothing, and first brings what the journal has unfinished to its end.
    /// A server does this by itself with the journal of its options. The journal stays the caller's to dispose of, after the last run.
    /// </summary>
    /// <param name="journal">A journal that is not open yet.</param>
    /// <param name="cancellationToken">Gives up before the recovery begins.</param>
    /// <exception cref="JournalException">The journal cannot be used; the message says why and what to do.</exception>
    public async Task UseJournalAsync(IJournal journal, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        await journal.OpenAsync(cancellationToken).ConfigureAwait(false);
        await _lane.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _runner.Record(journal);
            await RecoverAsync(journal).ConfigureAwait(false);
            foreach (JournaledRun stuck in await journal.ListAsync(RunStatus.Stuck, MostStuckLogged, CancellationToken.None).ConfigureAwait(false))
            {
                RunLog.StillStuck(_logger, stuck.Accepted.Program, stuck.RunId, DateTimeOffset.FromUnixTimeMilliseconds(stuck.Accepted.StartedAt), stuck.Cause, stuck.Error);
            }
        }
        finally
        {
            _lane.Leave();
        }

        journal.Decided += (_, _) => _ = CarryOutDecisionsAsync(journal);
    }

    /// <summary>What is unfinished while nothing runs needs recovering: after a start, or because an operator said so.</summary>
    private async Task RecoverAsync(IJournal journal)
    {
        IReadOnlyList<JournaledRun> runs = await journal.ListAsync(RunStatus.Unfinished, int.MaxValue, CancellationToken.None).ConfigureAwait(false);
        if (runs.Count > 0)
        {
            RunLog.Recovering(_logger, runs.Count);
        }

        for (int done = 0; done < runs.Count; done++)
        {
            await _runner.RecoverAsync(runs[done]).ConfigureAwait(false);
            if ((done + 1) % RunsPerProgressLine == 0)
            {
                RunLog.RecoveryProgress(_logger, done + 1, runs.Count);
            }
        }
    }

    private async Task CarryOutDecisionsAsync(IJournal journal)
    {
        await _lane.EnterAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await RecoverAsync(journal).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody waits for this: the log is where an operator looks.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            RunLog.DecisionFailed(_logger, exception);
        }
        finally
        {
            _lane.Leave();
        }
    }

    /// <summary>The journal's <see cref="IJournal.Id"/>; null where runs are not recorded.</summary>
    internal string? Journal => _runner.Journal;
}
