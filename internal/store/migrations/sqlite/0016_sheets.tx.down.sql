INSERT INTO states (measure_id, user_id, bucket, n, updated_at)
    SELECT m.id, s.user_id, s.bucket, c.value, s.updated_at
    FROM sheets AS s, json_each(s.counts) AS c JOIN measures AS m ON m.id = CAST(c.key AS integer);
DROP VIEW progress;
DROP TABLE sheets;
ALTER TABLE measures DROP COLUMN counts;
ALTER TABLE states RENAME TO progress;
