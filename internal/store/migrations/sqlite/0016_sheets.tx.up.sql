-- What a measure remembers of a person in a bucket, but for counts. Those that were counts, EnsureMeasures moves.
ALTER TABLE progress RENAME TO states;

--bun:split

ALTER TABLE measures ADD COLUMN counts boolean NOT NULL DEFAULT false;

--bun:split

-- The counts of a person in a bucket, those of 128 measures on a sheet: a JSON object, by the ids of the measures.
CREATE TABLE sheets (
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    no integer NOT NULL,
    bucket text NOT NULL,
    counts text NOT NULL,
    updated_at timestamp NOT NULL,
    PRIMARY KEY (user_id, no, bucket)
);
CREATE INDEX sheets_of_periods ON sheets (bucket, user_id) WHERE bucket <> '';

--bun:split

-- Every number that rules compare with thresholds, wherever it stands.
CREATE VIEW progress AS
    SELECT measure_id, user_id, bucket, n, updated_at FROM states
    UNION ALL
    SELECT m.id, s.user_id, s.bucket, c.value, s.updated_at
    FROM sheets AS s, json_each(s.counts) AS c JOIN measures AS m ON m.id = CAST(c.key AS integer);
