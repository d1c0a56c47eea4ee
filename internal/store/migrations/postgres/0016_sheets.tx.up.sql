-- Servers of older versions look for counts where they will not be any more: to them the database is away from now on (57P03 is
-- cannot_connect_now), so that they lose nothing and count nothing twice.
CREATE FUNCTION hold_rules(OUT revision_id bigint, OUT people bigint) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7221505);
    SELECT b.revision_id, b.people INTO revision_id, people FROM book AS b;
END
$$;
CREATE OR REPLACE FUNCTION hold_revision(OUT revision_id bigint, OUT people bigint) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION 'this server is older than the database' USING ERRCODE = '57P03';
END
$$;

--bun:split

-- What a measure remembers of a person in a bucket, but for counts. Those that were counts, EnsureMeasures moves.
ALTER TABLE progress RENAME TO states;
ALTER INDEX progress_pkey RENAME TO states_pkey;

--bun:split

ALTER TABLE measures ADD COLUMN counts boolean NOT NULL DEFAULT false;

--bun:split

-- The counts of a person in a bucket, those of 128 measures on a sheet: a JSON object, by the ids of the measures. Half of each
-- page is left free, so that a changed sheet stays on its page and no index changes.
CREATE TABLE sheets (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    no bigint NOT NULL,
    bucket text COLLATE "C" NOT NULL,
    counts text NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, no, bucket)
) WITH (fillfactor = 50);
CREATE INDEX sheets_of_periods ON sheets (bucket, user_id) WHERE bucket <> '';

--bun:split

-- Every number that rules compare with thresholds, wherever it stands.
CREATE VIEW progress AS
    SELECT measure_id, user_id, bucket, n, updated_at FROM states
    UNION ALL
    SELECT m.id, s.user_id, s.bucket, c.value::bigint, s.updated_at
    FROM sheets AS s CROSS JOIN LATERAL json_each_text(s.counts::json) AS c JOIN measures AS m ON m.id = c.key::bigint;
