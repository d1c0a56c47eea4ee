-- The revision that judges, for all servers, and what the directory of rules held when it was last applied.
ALTER TABLE book ADD COLUMN revision_id integer REFERENCES revisions;
ALTER TABLE book ADD COLUMN directory_hash text;
ALTER TABLE revisions ADD COLUMN applied_by integer;
UPDATE book SET revision_id = (SELECT id FROM revisions ORDER BY applied_at DESC, id DESC LIMIT 1);

--bun:split

-- What each revision judges by: a hash of what is asked, and of what is given for it, a line each.
CREATE TABLE revision_matchers (
    revision_id integer NOT NULL REFERENCES revisions ON DELETE CASCADE,
    matcher text NOT NULL,
    targets text NOT NULL,
    PRIMARY KEY (revision_id, matcher)
);

--bun:split

-- Stored events that a matcher has yet to see: those with from_id < id <= upto_id that no revision with the
-- matcher judged, or all of them when it starts afresh, in the order of when they happened.
CREATE TABLE replays (
    id integer PRIMARY KEY AUTOINCREMENT,
    matcher text NOT NULL,
    afresh text NOT NULL,
    targets text NOT NULL,
    loud boolean NOT NULL,
    from_id integer NOT NULL,
    upto_id integer NOT NULL,
    position_at timestamp NOT NULL,
    position_id integer NOT NULL,
    total integer NOT NULL,
    done integer NOT NULL,
    finished_at timestamp
);
CREATE INDEX replays_running ON replays (id) WHERE finished_at IS NULL;

--bun:split

-- What rules failed on.
CREATE INDEX events_failed ON events (id) WHERE failures IS NOT NULL;
