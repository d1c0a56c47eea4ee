-- When an award lapses by itself, unless something renews it.
ALTER TABLE awards ADD COLUMN expires_at timestamptz;
CREATE INDEX awards_lapsing ON awards (expires_at) WHERE expires_at IS NOT NULL AND revoked_at IS NULL;

--bun:split

-- What happened to one thing.
CREATE INDEX events_object ON events (source, object);

--bun:split

-- Events that a rule waits to judge, each until a time.
CREATE TABLE waiting (
    event_id bigint NOT NULL REFERENCES events ON DELETE CASCADE,
    settle bigint NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (event_id, settle)
);
CREATE INDEX waiting_due ON waiting (due_at);

--bun:split

-- How far the calendar's units were judged: the end of the last one, and within the next one the last
-- user of those who were.
CREATE TABLE clocks (
    name text PRIMARY KEY,
    done_until timestamptz NOT NULL,
    position bigint NOT NULL
);
