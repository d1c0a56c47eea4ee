ALTER TABLE users ADD COLUMN award_emails boolean NOT NULL DEFAULT true;
ALTER TABLE users ADD COLUMN erased_at timestamp;
ALTER TABLE tokens ADD COLUMN last_used_at timestamp;
CREATE INDEX achievements_avatar ON achievements (avatar_hash) WHERE avatar_hash IS NOT NULL;

--bun:split

-- What the program makes by chance once and all its processes share.
CREATE TABLE secrets (
    name text PRIMARY KEY,
    value blob NOT NULL
);

--bun:split

-- key is the SHA-256 of who called and the key that they chose; response is sealed by the key itself.
CREATE TABLE idempotency_keys (
    key blob PRIMARY KEY CHECK (length(key) = 32),
    fingerprint blob NOT NULL CHECK (length(fingerprint) = 32),
    response blob,
    created_at timestamp NOT NULL
);
CREATE INDEX idempotency_keys_old ON idempotency_keys (created_at);

--bun:split

-- Who did what, on whom, from where. Ids lead nowhere once their object is gone, and names are not
-- kept, so that an erased person is nowhere in it.
CREATE TABLE audit_events (
    id integer PRIMARY KEY AUTOINCREMENT,
    at timestamp NOT NULL,
    action text NOT NULL,
    actor_id integer NOT NULL,
    namespace_id integer,
    subject_id integer,
    object text NOT NULL,
    object_id integer NOT NULL,
    address text NOT NULL,
    request_id text NOT NULL,
    rule text,
    event_id integer,
    details text NOT NULL
);
CREATE INDEX audit_events_namespace ON audit_events (namespace_id, id);
CREATE INDEX audit_events_subject ON audit_events (subject_id, id);

--bun:split

CREATE TRIGGER audit_events_unchanged BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are only ever appended'); END;

--bun:split

CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are only ever appended'); END;
