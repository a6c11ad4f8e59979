namespace Ryuso.Sqlite;

/// <summary>What a journal's file holds, and how one of an older version becomes one of this.</summary>
/// <remarks>
/// Everything that is written while runs run goes into one table whose key only grows: what one commit writes lies on one page,
/// at the table's end. What would dirty another page at every run is done for many runs at once: their ids come into the index of
/// ids, and the marks go past them. The views give it all the shape that people ask for.
/// </remarks>
internal static class Schema
{
    public const int ApplicationId = 0x5279756F; // "Ryuo"

    /// <summary>How far the keys of two runs are apart: the first row of a run is the run itself, its events follow.</summary>
    public const long RowsPerRun = 1 << 20;

    /// <summary>The first row of the run whose id is <c>?1</c>; runs behind the mark are not in the index of ids yet.</summary>
    public const string KeyOfRun =
        "coalesce((SELECT run FROM run_ids WHERE run_id = ?1), (SELECT id FROM log WHERE id >= (SELECT named_from FROM marks) AND run_id = ?1))";

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
    ];
}
