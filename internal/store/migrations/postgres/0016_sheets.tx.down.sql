INSERT INTO states (measure_id, user_id, bucket, n, updated_at)
    SELECT m.id, s.user_id, s.bucket, c.value::bigint, s.updated_at
    FROM sheets AS s CROSS JOIN LATERAL json_each_text(s.counts::json) AS c JOIN measures AS m ON m.id = c.key::bigint;
DROP VIEW progress;
DROP TABLE sheets;
ALTER TABLE measures DROP COLUMN counts;
ALTER INDEX states_pkey RENAME TO progress_pkey;
ALTER TABLE states RENAME TO progress;

--bun:split

DROP FUNCTION change_sheet(bigint, bigint, text, text, text, timestamptz);
DROP FUNCTION hold_rules_as(bigint, bigint, bigint[]);
DROP FUNCTION hold_rules();
CREATE OR REPLACE FUNCTION hold_revision(OUT revision_id bigint, OUT people bigint) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7221505);
    SELECT b.revision_id, b.people INTO revision_id, people FROM book AS b;
END
$$;
