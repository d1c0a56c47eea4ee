-- The natural key of every event that was ever counted, as keyDigest shortens it, with the event's id. It stays when
-- the event goes.
CREATE TABLE event_keys (
    id integer PRIMARY KEY AUTOINCREMENT,
    digest blob NOT NULL UNIQUE CHECK (length(digest) = 20)
);

--bun:split

INSERT INTO event_keys (id, digest) SELECT id, key_digest(source, key) FROM events ORDER BY id;

--bun:split

CREATE TABLE waiting_months (
    event_id integer NOT NULL,
    settle integer NOT NULL,
    due_at timestamp NOT NULL,
    PRIMARY KEY (event_id, settle)
);
INSERT INTO waiting_months (event_id, settle, due_at) SELECT event_id, settle, due_at FROM waiting;
DROP TABLE waiting;
ALTER TABLE waiting_months RENAME TO waiting;
CREATE INDEX waiting_due ON waiting (due_at);

--bun:split

-- A month of events is the range of ids that were given in it.
CREATE TABLE events_months (
    id integer PRIMARY KEY,
    source text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    object text NOT NULL,
    happened_at timestamp NOT NULL,
    delivery_id integer NOT NULL,
    revision_id integer,
    data text NOT NULL,
    failures text
);
INSERT INTO events_months (id, source, key, kind, object, happened_at, delivery_id, revision_id, data, failures)
SELECT id, source, key, kind, object, happened_at, delivery_id, revision_id, data, failures FROM events ORDER BY id;
DROP TABLE events;
ALTER TABLE events_months RENAME TO events;
CREATE INDEX events_object ON events (source, object);
CREATE INDEX events_failed ON events (id) WHERE failures IS NOT NULL;
CREATE INDEX events_delivery ON events (delivery_id);
CREATE INDEX events_members ON events (source, object) WHERE kind IN ('member.added', 'member.removed', 'member.role_changed');

--bun:split

-- The first id of the first month, null before it, and the id from which on events are kept.
ALTER TABLE book ADD COLUMN months_from integer;
ALTER TABLE book ADD COLUMN events_from integer NOT NULL DEFAULT 0;
