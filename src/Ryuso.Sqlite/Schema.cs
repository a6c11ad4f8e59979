namespace Ryuso.Sqlite;

/// <summary>What a journal's file holds, and how one of an older version becomes one of this.</summary>
/// <remarks>
/// Everything that is written while runs run goes into one table, at its end: a row's id is its position among all events, whatever runs
/// they are of, so that what one commit writes lies on one page however many runs are under way. The first row of a run also holds the run
/// itself. Each row says how far before it the first row of its run is (<c>run_offset</c>), and the row before it in its run
/// (<c>offset</c>); the first row names the last, once the run has ended. A run's first row has room for its outcome from the beginning: a
/// row that grew on a full page would have three pages written anew. Kinds are numbers in the table (<see cref="JournalEventKind"/>) and
/// names in the view. What would dirty another page at every run is done for many runs at once: their ids come into the index of ids, and
/// the marks go past them. The views give it all the shape that people ask for.
/// </remarks>
internal static class Schema
{
    public const int ApplicationId = 0x5279756F; // "Ryuo"

    /// <summary>The first row of the run whose id is <c>?1</c>; runs after the mark are not in the index of ids yet.</summary>
    public const string RowOfRun =
        "coalesce((SELECT run FROM run_ids WHERE run_id = ?1), (SELECT id FROM log WHERE id >= (SELECT indexed_to FROM marks) AND run_id = ?1))";

    // Each entry leads from one version to the next.
    public static readonly string[] Migrations =
    [
        """
        CREATE TABLE plans (
            fingerprint TEXT PRIMARY KEY,
            plan        TEXT NOT NULL
        ) STRICT;
        CREATE TABLE runs (
            id           INTEGER PRIMARY KEY,
            run_id       TEXT NOT NULL UNIQUE,
            program      TEXT NOT NULL,
            status       TEXT NOT NULL,
            started_at   INTEGER NOT NULL,
            finished_at  INTEGER,
            request_hash TEXT,
            plan         TEXT NOT NULL REFERENCES plans (fingerprint),
            error        TEXT,
            answer       TEXT
        ) STRICT;
        CREATE INDEX runs_open ON runs (status, id) WHERE status IN ('unfinished', 'stuck');
        CREATE INDEX runs_closed ON runs (finished_at) WHERE status NOT IN ('unfinished', 'stuck');
        CREATE TABLE events (
            run       INTEGER NOT NULL REFERENCES runs (id),
            seq       INTEGER NOT NULL,
            time      INTEGER NOT NULL,
            kind      TEXT NOT NULL,
            step      TEXT,
            reference TEXT,
            attempt   INTEGER,
            text      TEXT,
            by        TEXT,
            json      TEXT,
            PRIMARY KEY (run, seq)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE journal (
            id TEXT NOT NULL
        ) STRICT;
        INSERT INTO journal VALUES (lower(hex(randomblob(16))));
        """,
        """
        CREATE TABLE log (
            id           INTEGER PRIMARY KEY,
            time         INTEGER NOT NULL,
            kind         TEXT NOT NULL,
            step         TEXT,
            reference    TEXT,
            attempt      INTEGER,
            text         TEXT,
            by           TEXT,
            json         TEXT,
            run_id       TEXT,
            program      TEXT,
            plan         TEXT,
            request_hash TEXT,
            started_at   INTEGER,
            status       TEXT,
            finished_at  INTEGER,
            error        TEXT,
            answer       TEXT
        ) STRICT;
        INSERT INTO log
        SELECT r.id * 1048576 + e.seq - 1, e.time, e.kind, e.step, e.reference, e.attempt, e.text, e.by, e.json,
            iif(e.seq = 1, r.run_id, NULL), iif(e.seq = 1, r.program, NULL), iif(e.seq = 1, r.plan, NULL),
            iif(e.seq = 1, r.request_hash, NULL), iif(e.seq = 1, r.started_at, NULL), iif(e.seq = 1, r.status, NULL),
            iif(e.seq = 1, r.finished_at, NULL), iif(e.seq = 1, r.error, NULL), iif(e.seq = 1, r.answer, NULL)
        FROM runs r JOIN events e ON e.run = r.id ORDER BY r.id, e.seq;
        CREATE TABLE run_ids (run_id TEXT PRIMARY KEY, run INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO run_ids SELECT run_id, id * 1048576 FROM runs;
        CREATE TABLE marks (open_from INTEGER NOT NULL, named_from INTEGER NOT NULL) STRICT;
        INSERT INTO marks SELECT (coalesce(max(id), 0) + 1) * 1048576, (coalesce(max(id), 0) + 1) * 1048576 FROM runs;
        DROP TABLE events;
        DROP TABLE runs;
        CREATE INDEX log_open ON log (status, id) WHERE status IN ('unfinished', 'stuck');
        CREATE VIEW runs AS
        SELECT id, run_id, program, coalesce(status, 'unfinished') AS status, started_at, finished_at, request_hash, plan, error, answer,
            (SELECT e.reference || ' failed: ' || e.text FROM log e
             WHERE e.id BETWEEN r.id AND r.id + 1048575 AND e.kind IN ('turned', 'interrupted') ORDER BY e.id LIMIT 1) AS cause
        FROM log r WHERE run_id IS NOT NULL;
        CREATE VIEW events AS
        SELECT id, id / 1048576 * 1048576 AS run, id % 1048576 + 1 AS seq, time, kind, step, reference, attempt, text, by, json
        FROM log;
        """,
        """
        ALTER TABLE log RENAME TO old;
        DROP VIEW runs;
        DROP VIEW events;
        CREATE TABLE log (
            id           INTEGER PRIMARY KEY,
            run_offset   INTEGER NOT NULL,
            offset       INTEGER,
            time         INTEGER NOT NULL,
            kind         INTEGER NOT NULL,
            run_id       TEXT,
            program      TEXT,
            plan         TEXT,
            request_hash TEXT,
            keys         TEXT,
            started_at   INTEGER,
            status       TEXT,
            finished_at  INTEGER,
            last         INTEGER,
            step         TEXT,
            reference    TEXT,
            attempt      INTEGER,
            outcome      TEXT,
            by           TEXT,
            text         TEXT,
            error        TEXT,
            cause        TEXT,
            answer       TEXT,
            pool_delta   TEXT,
            room         BLOB
        ) STRICT;
        CREATE TEMP TABLE moved AS
        SELECT id AS old, n AS new, min(n) OVER whole AS run, lag(n) OVER (PARTITION BY slot ORDER BY id) AS previous, max(n) OVER whole AS last
        FROM (SELECT id, id / 1048576 AS slot, row_number() OVER (ORDER BY id) AS n FROM old)
        WINDOW whole AS (PARTITION BY slot);
        CREATE UNIQUE INDEX moved_old ON moved (old);
        INSERT INTO log
        SELECT m.new, m.new - m.run, m.new - m.previous, o.time,
            CASE o.kind WHEN 'accepted' THEN 0 WHEN 'started' THEN 1 WHEN 'ended' THEN 2 WHEN 'failed' THEN 3 WHEN 'turned' THEN 4
                WHEN 'interrupted' THEN 5 WHEN 'recovering' THEN 6 WHEN 'finished' THEN 7 WHEN 'retry' THEN 8 WHEN 'skip' THEN 9
                WHEN 'abandon' THEN 10 ELSE -1 END,
            o.run_id, o.program, o.plan, o.request_hash, NULL, o.started_at,
            iif(o.status = 'settled', 'resolved_with_skips', o.status), o.finished_at, iif(o.run_id IS NULL OR o.status IS NULL, NULL, m.last),
            o.step, o.reference, o.attempt,
            CASE WHEN o.kind <> 'finished' THEN NULL WHEN o.step IS NOT NULL THEN 'stuck'
                ELSE (SELECT iif(r.status = 'settled', 'resolved_with_skips', r.status) FROM old r WHERE r.id = o.id / 1048576 * 1048576) END,
            o.by, o.text, o.error,
            (SELECT e.reference || ' failed: ' || e.text FROM old e
             WHERE o.run_id IS NOT NULL AND e.id BETWEEN o.id AND o.id + 1048575 AND e.kind IN ('turned', 'interrupted') ORDER BY e.id LIMIT 1),
            o.answer, o.json, NULL
        FROM old o JOIN moved m ON m.old = o.id ORDER BY o.id;
        UPDATE run_ids SET run = (SELECT new FROM moved WHERE old = run_ids.run);
        INSERT OR IGNORE INTO run_ids SELECT run_id, id FROM log WHERE run_id IS NOT NULL;
        DROP TABLE marks;
        CREATE TABLE marks (open_from INTEGER NOT NULL, indexed_to INTEGER NOT NULL, elapsed INTEGER NOT NULL) STRICT;
        INSERT INTO marks
        SELECT coalesce((SELECT min(id) FROM log WHERE run_id IS NOT NULL AND status IS NULL), max(id) + 1, 1), coalesce(max(id), 0) + 1, 0 FROM log;
        CREATE TABLE ages (position INTEGER PRIMARY KEY, elapsed INTEGER NOT NULL) STRICT;
        DROP TABLE moved;
        DROP TABLE old;
        CREATE INDEX log_open ON log (status, id) WHERE status IN ('unfinished', 'stuck');
        CREATE VIEW runs AS
        SELECT id, run_id, program, coalesce(status, 'unfinished') AS status, started_at, finished_at, keys, request_hash, plan, error, cause, answer,
            iif(status IS NULL OR status = 'unfinished', (SELECT max(id) FROM log), last) AS last
        FROM log WHERE run_id IS NOT NULL;
        CREATE VIEW events AS
        SELECT id, id - run_offset AS run, time,
            CASE kind WHEN 0 THEN 'run_accepted' WHEN 1 THEN 'step_started' WHEN 2 THEN 'step_completed' WHEN 3 THEN 'attempt_failed'
                WHEN 4 THEN 'compensation_started' WHEN 5 THEN 'run_interrupted' WHEN 6 THEN 'recovery_started' WHEN 7 THEN 'run_finished'
                WHEN 8 THEN 'retry_requested' WHEN 9 THEN 'skip_requested' WHEN 10 THEN 'abandon_requested' END AS kind,
            step, reference, attempt, iif(by IS NULL, text, NULL) AS error, iif(by IS NULL, NULL, text) AS reason, by, outcome, pool_delta
        FROM log;
        """,
        """
        ALTER TABLE log ADD COLUMN error_code TEXT;
        DROP VIEW events;
        CREATE VIEW events AS
        SELECT id, id - run_offset AS run, time,
            CASE kind WHEN 0 THEN 'run_accepted' WHEN 1 THEN 'step_started' WHEN 2 THEN 'step_completed' WHEN 3 THEN 'attempt_failed'
                WHEN 4 THEN 'compensation_started' WHEN 5 THEN 'run_interrupted' WHEN 6 THEN 'recovery_started' WHEN 7 THEN 'run_finished'
                WHEN 8 THEN 'retry_requested' WHEN 9 THEN 'skip_requested' WHEN 10 THEN 'abandon_requested' END AS kind,
            step, reference, attempt, iif(by IS NULL, text, NULL) AS error, error_code, iif(by IS NULL, NULL, text) AS reason, by, outcome,
            pool_delta
        FROM log;
        """,
    ];
}
