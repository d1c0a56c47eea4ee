-- Servers of older versions look for counts where they will not be any more: to them the database is away from now on (57P03 is
-- cannot_connect_now), so that they lose nothing and count nothing twice.
CREATE FUNCTION hold_rules(OUT revision_id bigint, OUT people bigint) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7221505);
    SELECT b.revision_id, b.people INTO revision_id, people FROM book AS b;
END
$$;
-- Holds the revision if it, what servers remember of the book and the bodies that others are packed on are as expected.
CREATE FUNCTION hold_rules_as(revision bigint, seen bigint, bases bigint[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    base bigint;
    kept boolean;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7221505);
    PERFORM FROM book AS b WHERE coalesce(b.revision_id, 0) = revision AND b.people = seen;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a server remembers what has changed, and looks again' USING ERRCODE = 'ZA001';
    END IF;
    FOREACH base IN ARRAY bases LOOP
        SELECT d.body_expired_at IS NULL INTO kept FROM deliveries AS d WHERE d.id = base;
        IF kept IS NOT TRUE THEN
            RAISE EXCEPTION 'a server remembers what has changed, and looks again' USING ERRCODE = 'ZA001';
        END IF;
    END LOOP;
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

-- Changes a sheet if it is as expected.
CREATE FUNCTION change_sheet(of_user bigint, of_no bigint, of_bucket text, before text, after text, at timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE sheets AS s SET counts = after, updated_at = at
    WHERE s.user_id = of_user AND s.no = of_no AND s.bucket = of_bucket AND s.counts = before;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a server remembers what has changed, and looks again' USING ERRCODE = 'ZA001';
    END IF;
END
$$;

--bun:split

-- Every number that rules compare with thresholds, wherever it stands.
CREATE VIEW progress AS
    SELECT measure_id, user_id, bucket, n, updated_at FROM states
    UNION ALL
    SELECT m.id, s.user_id, s.bucket, c.value::bigint, s.updated_at
    FROM sheets AS s CROSS JOIN LATERAL json_each_text(s.counts::json) AS c JOIN measures AS m ON m.id = c.key::bigint;
