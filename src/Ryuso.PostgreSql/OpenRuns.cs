using System.Diagnostics;
using Npgsql;

namespace Ryuso.PostgreSql;

/// <summary>
/// What the writer remembers of runs that have not ended, so that an event becomes a row without a question to the database. It is right as
/// long as nobody else writes: until the journal is taken by another.
/// </summary>
internal sealed class OpenRuns(string schema)
{
    private readonly Dictionary<string, OpenRun> _runs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _plans = new(StringComparer.Ordinal);

    // Runs that were refused because another run has their id: what else they append is nothing.
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private long _lastId;

    public async Task LoadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using NpgsqlCommand last = Schema.Command(connection, $"SELECT coalesce(max(id), 0) FROM {schema}.run");
        _lastId = (long)(await last.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Turns events into rows. Changes nothing where it throws.</summary>
    /// <exception cref="JournalException">An event of a run that is not in the journal.</exception>
    public async Task<Segment> WriteAsync(NpgsqlConnection connection, IReadOnlyList<(JournalEvent Entry, long Position)> events)
    {
        await FindMissingAsync(connection, events).ConfigureAwait(false);
        var segment = new Segment();
        foreach ((JournalEvent entry, long position) in events)
        {
            if (entry.Accepted is { } accepted)
            {
                _refused.Remove(entry.RunId);
                var row = new RunRow(++_lastId, entry.RunId, accepted);
                segment.Runs.Add(row);
                _runs[entry.RunId] = new OpenRun(row.Id) { Row = row };
                if (_plans.Add(accepted.Plan.Fingerprint))
                {
                    segment.Plans.Add(accepted.Plan);
                }
            }
            else if (_refused.Contains(entry.RunId))
            {
                continue;
            }

            OpenRun run = _runs[entry.RunId];
            segment.Events.Add(new EventRow(run.Id, ++run.LastSeq, entry, position));
            run.Cause ??= CauseOf(entry.Kind, entry.Reference, entry.Error);
            if (entry.Kind == JournalEventKind.RunFinished)
            {
                End(segment, run, new Outcome(run.Id, entry.Status, entry.Time, entry.Error, run.Cause, entry.Answer));
                _runs.Remove(entry.RunId);
            }
        }

        foreach (RunRow row in segment.Runs)
        {
            if (_runs.TryGetValue(row.RunId, out OpenRun? run))
            {
                run.Row = null;
            }
        }

        return segment;
    }

    /// <summary>Forgets a run whose id another run has.</summary>
    public void Refuse(string runId)
    {
        _runs.Remove(runId);
        _refused.Add(runId);
    }

    /// <summary>Two parts of one statement do not see each other: a run that is accepted and ends by one append is one row at once.</summary>
    private static void End(Segment segment, OpenRun run, Outcome outcome)
    {
        if (run.Row is { } row)
        {
            row.Outcome = outcome;
        }
        else
        {
            segment.Outcomes.Add(outcome);
        }
    }

    private static string? CauseOf(JournalEventKind kind, string? reference, string? error) => kind switch
    {
        JournalEventKind.CompensationStarted => $"{reference} failed: {error}",
        JournalEventKind.RunInterrupted => error,
        _ => null,
    };

    private async Task FindMissingAsync(NpgsqlConnection connection, IReadOnlyList<(JournalEvent Entry, long Position)> events)
    {
        HashSet<string> accepted = new(StringComparer.Ordinal);
        foreach ((JournalEvent entry, _) in events)
        {
            if (entry.Accepted is not null)
            {
                accepted.Add(entry.RunId);
            }
            else if (!accepted.Contains(entry.RunId) && !_refused.Contains(entry.RunId) && !_runs.ContainsKey(entry.RunId))
            {
                _runs[entry.RunId] = await FindAsync(connection, entry.RunId).ConfigureAwait(false);
            }
        }
    }

    private async Task<OpenRun> FindAsync(NpgsqlConnection connection, string runId)
    {
        using NpgsqlCommand find = Schema.Command(
            connection,
            $"""
            SELECT r.id, (SELECT max(seq) FROM {schema}.event WHERE run = r.id), c.kind, c.reference, c.text
            FROM {schema}.run r LEFT JOIN LATERAL
                (SELECT kind, reference, text FROM {schema}.event WHERE run = r.id AND kind IN (4, 5) ORDER BY seq LIMIT 1) c ON true
            WHERE r.run_id = $1
            """,
            StoredText.Write(runId)!);
        NpgsqlDataReader reader = await find.ExecuteReaderAsync().ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            if (!await reader.ReadAsync().ConfigureAwait(false))
            {
                throw new JournalException($"An event of the run '{runId}' was to be recorded, and the journal does not have the run; it was removed by hand.");
            }

            return new OpenRun(reader.GetInt64(0))
            {
                LastSeq = reader.GetInt32(1),
                Cause = reader.IsDBNull(2)
                    ? null
                    : CauseOf((JournalEventKind)reader.GetInt16(2), StoredText.Read(reader.Text(3)), StoredText.Read(reader.Text(4))),
            };
        }
    }

    [DebuggerDisplay("{Id}, {LastSeq} events")]
    private sealed class OpenRun(long id)
    {
        public long Id { get; } = id;

        public int LastSeq { get; set; }

        public string? Cause { get; set; }

        /// <summary>Its row, while that is in the segment that is being made.</summary>
        public RunRow? Row { get; set; }
    }
}
