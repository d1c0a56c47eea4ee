-- Who is signed in, each by the SHA-256 of a secret that only their browser has. A session that an API token began
-- ends with it.
CREATE TABLE sessions (
    id integer PRIMARY KEY AUTOINCREMENT,
    hash blob NOT NULL UNIQUE CHECK (length(hash) = 32),
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    token_id integer REFERENCES tokens ON DELETE CASCADE,
    provider text NOT NULL,
    created_at timestamp NOT NULL,
    last_seen_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_token ON sessions (token_id) WHERE token_id IS NOT NULL;
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE INDEX sessions_seen ON sessions (last_seen_at);

--bun:split

-- Who went away to a provider to sign in and is not back yet: each can come back once, with the state, and in the
-- browser, whose SHA-256 are here. user_id is whose account it shall become, null for whoever's it is.
CREATE TABLE sign_ins (
    state blob PRIMARY KEY CHECK (length(state) = 32),
    browser blob NOT NULL CHECK (length(browser) = 32),
    provider text NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    return_to text NOT NULL,
    user_id integer REFERENCES users ON DELETE CASCADE,
    created_at timestamp NOT NULL
);
CREATE INDEX sign_ins_old ON sign_ins (created_at);
CREATE INDEX sign_ins_user ON sign_ins (user_id) WHERE user_id IS NOT NULL;
