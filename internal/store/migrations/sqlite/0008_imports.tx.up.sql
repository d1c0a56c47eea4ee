-- What is or was read from a forge's API. It belongs to one server at a time, until its claim ends; failures counts
-- those in a row, and found says, as JSON, what a rehearsal found.
CREATE TABLE imports (
    id integer PRIMARY KEY AUTOINCREMENT,
    source text NOT NULL,
    purpose text NOT NULL,
    since timestamp,
    dry_run boolean NOT NULL,
    started_by integer,
    started_at timestamp NOT NULL,
    finished_at timestamp,
    failed boolean NOT NULL DEFAULT false,
    cancelled boolean NOT NULL DEFAULT false,
    claim text NOT NULL DEFAULT '',
    claimed_until timestamp,
    wait_until timestamp,
    failures integer NOT NULL DEFAULT 0,
    problem text NOT NULL DEFAULT '',
    awards integer NOT NULL DEFAULT 0,
    revocations integer NOT NULL DEFAULT 0,
    found text
);
CREATE INDEX imports_source ON imports (source, id);
CREATE UNIQUE INDEX imports_running ON imports (source) WHERE finished_at IS NULL;

--bun:split

-- The lists that it reads, one after the other, and how far each was read.
CREATE TABLE import_parts (
    import_id integer NOT NULL REFERENCES imports ON DELETE CASCADE,
    number integer NOT NULL,
    place text NOT NULL,
    is_group boolean NOT NULL,
    listing text NOT NULL,
    since timestamp,
    position text NOT NULL DEFAULT '',
    steps integer NOT NULL DEFAULT 0,
    events integer NOT NULL DEFAULT 0,
    new_events integer NOT NULL DEFAULT 0,
    unreadable integer NOT NULL DEFAULT 0,
    problem text NOT NULL DEFAULT '',
    finished_at timestamp,
    PRIMARY KEY (import_id, number)
);
CREATE INDEX import_parts_place ON import_parts (place, listing);

--bun:split

-- Who belongs to what, for listings of members.
CREATE INDEX events_members ON events (source, object) WHERE kind IN ('member.added', 'member.removed', 'member.role_changed');
