ALTER TABLE book DROP COLUMN events_from;
ALTER TABLE book DROP COLUMN months_from;
--bun:split
CREATE TABLE events_whole (
    id integer PRIMARY KEY AUTOINCREMENT,
    source text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    object text NOT NULL,
    happened_at timestamp NOT NULL,
    delivery_id integer NOT NULL,
    revision_id integer,
    data text NOT NULL,
    failures text,
    UNIQUE (source, key)
);
INSERT INTO events_whole (id, source, key, kind, object, happened_at, delivery_id, revision_id, data, failures)
SELECT id, source, key, kind, object, happened_at, delivery_id, revision_id, data, failures FROM events ORDER BY id;
DROP TABLE events;
ALTER TABLE events_whole RENAME TO events;
DROP TABLE event_keys;
CREATE INDEX events_object ON events (source, object);
CREATE INDEX events_failed ON events (id) WHERE failures IS NOT NULL;
CREATE INDEX events_delivery ON events (delivery_id);
CREATE INDEX events_members ON events (source, object) WHERE kind IN ('member.added', 'member.removed', 'member.role_changed');
--bun:split
CREATE TABLE waiting_whole (
    event_id integer NOT NULL REFERENCES events ON DELETE CASCADE,
    settle integer NOT NULL,
    due_at timestamp NOT NULL,
    PRIMARY KEY (event_id, settle)
);
INSERT INTO waiting_whole (event_id, settle, due_at) SELECT event_id, settle, due_at FROM waiting WHERE event_id IN (SELECT id FROM events);
DROP TABLE waiting;
ALTER TABLE waiting_whole RENAME TO waiting;
CREATE INDEX waiting_due ON waiting (due_at);
