CREATE TABLE users (
    id integer PRIMARY KEY AUTOINCREMENT,
    username text NOT NULL,
    name text NOT NULL,
    email text,
    admin boolean NOT NULL,
    bot boolean NOT NULL,
    claimed boolean NOT NULL,
    blocked boolean NOT NULL,
    private_profile boolean NOT NULL,
    achievements_enabled boolean NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);
CREATE UNIQUE INDEX users_username ON users (lower(username));

--bun:split

-- Ids decide who somebody is on a forge; logins are shown and may change hands.
CREATE TABLE accounts (
    id integer PRIMARY KEY AUTOINCREMENT,
    user_id integer NOT NULL REFERENCES users,
    source text NOT NULL,
    forge_user_id text NOT NULL,
    login text NOT NULL,
    bot boolean NOT NULL,
    created_at timestamp NOT NULL,
    UNIQUE (source, forge_user_id)
);
CREATE INDEX accounts_user ON accounts (user_id);

--bun:split

CREATE TABLE namespaces (
    id integer PRIMARY KEY AUTOINCREMENT,
    full_path text NOT NULL,
    name text NOT NULL,
    visibility text NOT NULL CHECK (visibility IN ('public', 'internal', 'private')),
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);
CREATE UNIQUE INDEX namespaces_full_path ON namespaces (lower(full_path));

--bun:split

CREATE TABLE members (
    namespace_id integer NOT NULL REFERENCES namespaces ON DELETE CASCADE,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    role integer NOT NULL CHECK (role IN (10, 20, 30, 40, 50)),
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    PRIMARY KEY (namespace_id, user_id)
);
CREATE INDEX members_user ON members (user_id);

--bun:split

-- Pictures are kept once by content, whoever uses them.
CREATE TABLE avatars (
    hash blob PRIMARY KEY CHECK (length(hash) = 32),
    png blob NOT NULL,
    created_at timestamp NOT NULL
);

--bun:split

-- name_folded is the name in lower case, made by the program: databases fold differently.
CREATE TABLE achievements (
    id integer PRIMARY KEY AUTOINCREMENT,
    namespace_id integer NOT NULL REFERENCES namespaces,
    key text,
    name text NOT NULL,
    name_folded text NOT NULL,
    description text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('irrevocable', 'revocable', 'repeatable')),
    series text,
    tier integer NOT NULL,
    avatar_hash blob REFERENCES avatars,
    retired_at timestamp,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    UNIQUE (namespace_id, name_folded),
    UNIQUE (namespace_id, key),
    UNIQUE (id, kind)
);

--bun:split

-- kind repeats the achievement's, so that each kind's promise is an index of its own.
CREATE TABLE awards (
    id integer PRIMARY KEY AUTOINCREMENT,
    achievement_id integer NOT NULL,
    user_id integer NOT NULL REFERENCES users,
    kind text NOT NULL,
    occurrence text NOT NULL,
    awarded_at timestamp NOT NULL,
    awarded_by integer NOT NULL REFERENCES users,
    revoked_at timestamp,
    revoked_by integer REFERENCES users,
    revoke_reason text,
    priority integer,
    show_on_profile boolean NOT NULL,
    message text NOT NULL,
    rule text,
    revision_id integer,
    event_id integer,
    event_url text,
    FOREIGN KEY (achievement_id, kind) REFERENCES achievements (id, kind) ON UPDATE CASCADE ON DELETE CASCADE,
    CHECK (kind = 'repeatable' OR occurrence = ''),
    CHECK (kind <> 'irrevocable' OR revoked_at IS NULL),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE UNIQUE INDEX awards_irrevocable ON awards (achievement_id, user_id) WHERE kind = 'irrevocable';
CREATE UNIQUE INDEX awards_revocable ON awards (achievement_id, user_id) WHERE kind = 'revocable' AND revoked_at IS NULL;
CREATE UNIQUE INDEX awards_repeatable ON awards (achievement_id, user_id, occurrence) WHERE kind = 'repeatable';
CREATE INDEX awards_listed ON awards (achievement_id, awarded_at, id);
CREATE INDEX awards_profile ON awards (user_id, coalesce(priority, 9223372036854775807), awarded_at, id) WHERE revoked_at IS NULL;

--bun:split

-- An award that was deleted leaves a marker, so that no rule gives it again.
CREATE TABLE award_markers (
    achievement_id integer NOT NULL REFERENCES achievements ON DELETE CASCADE,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    occurrence text NOT NULL,
    created_at timestamp NOT NULL,
    PRIMARY KEY (achievement_id, user_id, occurrence)
);

--bun:split

CREATE TABLE tokens (
    id integer PRIMARY KEY AUTOINCREMENT,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    hash blob NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes text NOT NULL,
    expires_at timestamp,
    created_at timestamp NOT NULL
);
CREATE INDEX tokens_user ON tokens (user_id);

--bun:split

-- body is compressed with zstd; key tells whether a delivery was sent before.
CREATE TABLE deliveries (
    id integer PRIMARY KEY AUTOINCREMENT,
    source text NOT NULL,
    key blob NOT NULL,
    transport_id text NOT NULL,
    event_name text NOT NULL,
    content_type text NOT NULL,
    body blob NOT NULL,
    body_size integer NOT NULL,
    received_at timestamp NOT NULL,
    outcome text NOT NULL,
    problem text,
    UNIQUE (source, key)
);

--bun:split

-- delivery_id may lead nowhere: events outlive the deliveries that told of them.
CREATE TABLE events (
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

--bun:split

CREATE TABLE revisions (
    id integer PRIMARY KEY AUTOINCREMENT,
    hash text NOT NULL UNIQUE,
    files text NOT NULL,
    created_at timestamp NOT NULL,
    applied_at timestamp NOT NULL
);

--bun:split

CREATE TABLE measures (
    id integer PRIMARY KEY AUTOINCREMENT,
    hash text NOT NULL UNIQUE,
    created_at timestamp NOT NULL
);

--bun:split

CREATE TABLE progress (
    measure_id integer NOT NULL REFERENCES measures ON DELETE CASCADE,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    bucket text NOT NULL,
    n integer NOT NULL,
    updated_at timestamp NOT NULL,
    PRIMARY KEY (measure_id, user_id, bucket)
);

--bun:split

CREATE TABLE jobs (
    id integer PRIMARY KEY AUTOINCREMENT,
    kind text NOT NULL,
    unique_key text UNIQUE,
    args text NOT NULL,
    state text NOT NULL CHECK (state IN ('ready', 'done', 'parked')),
    run_at timestamp NOT NULL,
    attempt integer NOT NULL,
    max_attempts integer NOT NULL,
    leased_until timestamp,
    last_error text,
    finished_at timestamp
);
CREATE INDEX jobs_ready ON jobs (run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE state = 'done';

--bun:split

-- id tells this book from every other one, for what remembers outside of it.
CREATE TABLE book (id text NOT NULL);
INSERT INTO book (id) VALUES (lower(hex(randomblob(16))));

--bun:split

-- The house user gives and revokes for rules; it is made with the tables, and its id is 1.
INSERT INTO users (id, username, name, admin, bot, claimed, blocked, private_profile, achievements_enabled, created_at, updated_at)
VALUES (1, 'accolade', 'Accolade', false, true, true, false, false, true, strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'), strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));
