package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// reached is what each person has reached by each of the rules that it was matched by.
const reached = 10

// history returns the name of a database of ours that holds as many earlier deliveries as the contestant wants. It is filled once, and
// copied for each measurement.
func (a *arena) history(ctx context.Context, c contestant) (string, error) {
	crowd := max(c.crowd, people)
	b := &book{name: fmt.Sprintf("bench_history_%d_%d", c.history, crowd)}
	var there bool
	if err := a.admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", b.name).Scan(&there); err != nil {
		return "", fmt.Errorf("looking for a database: %w", err)
	}
	if there {
		return b.name, nil
	}
	fmt.Fprintf(os.Stderr, "filling a book with %d deliveries\n", c.history)
	if err := a.create(ctx, b, "template1"); err != nil {
		return "", err
	}
	process, err := a.start(ctx, c, b.url) // it makes the tables and measures
	if err != nil {
		return "", err
	}
	err = b.begun(ctx)
	process.stop()
	if err != nil {
		return "", err
	}
	return b.name, b.fill(ctx, c.history, crowd)
}

// begun waits until there is room for the events of this month.
func (b *book) begun(ctx context.Context) error {
	conn, err := connect(ctx, b.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for range 200 {
		var begun bool
		if err := conn.QueryRow(ctx, "SELECT last_value > 1 FROM event_keys_id_seq").Scan(&begun); err != nil || begun {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("the server makes no room for events")
}

// fill puts so many deliveries into the book as if they had been judged long ago, with an event each, the accounts of those
// who they are about and what these have reached. Of old deliveries the bodies are not kept any more.
func (b *book) fill(ctx context.Context, events, authors int) error {
	conn, err := connect(ctx, b.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{
		"SET session_replication_role = replica", // what is put in refers to what is put in
		"SET synchronous_commit = off",
		//nolint:dupword // values
		fmt.Sprintf(`INSERT INTO users (username, name, admin, bot, claimed, blocked, private_profile, achievements_enabled, created_at, updated_at)
			SELECT 'person' || lpad(i::text, greatest(4, length(i::text)), '0'), 'person' || lpad(i::text, greatest(4, length(i::text)), '0'), false, false, false, false, false, true, now(), now()
			FROM generate_series(0, %d) AS i`, authors-1),
		fmt.Sprintf(`INSERT INTO accounts (user_id, source, forge_user_id, login, bot, created_at, login_at)
			SELECT id, '%s', (%d + row_number() OVER (ORDER BY id) - 1)::text, username, false, now(), now()
			FROM users WHERE username LIKE 'person%%'`, sourceName, firstPerson),
		fmt.Sprintf(`INSERT INTO deliveries (source, key, transport_id, event_name, content_type, headers, body, body_size, received_at, outcome, body_expired_at)
			SELECT '%s', decode(md5(i::text), 'hex'), '10000000-0000-4000-8000-' || lpad(i::text, 12, '0'), 'pull_request', 'application/json',
				NULL, '', %d, now() - interval '31 days' - i * interval '1 second', 'judged', now()
			FROM generate_series(1, %d) AS i`, sourceName, 10<<10, events),
		fmt.Sprintf(`WITH taken AS (INSERT INTO event_keys (digest) SELECT substr(sha256(convert_to(i::text, 'UTF8')), 1, 20) FROM generate_series(1, %d) AS i RETURNING id)
			INSERT INTO events (id, source, key, kind, object, happened_at, delivery_id, revision_id, data)
			SELECT id, '%s', 'merge_request:' || (7000 + i %% %d) || ':' || i || ':merged', 'merge_request.merged', 'merge_request:' || (7000 + i %% %[3]d) || ':' || i,
				now() - interval '31 days' - i * interval '1 second', i, (SELECT revision_id FROM book),
				json_build_object('kind', 'merge_request.merged', 'source', '%[2]s', 'key', 'merge_request:' || (7000 + i %% %[3]d) || ':' || i || ':merged',
					'object', 'merge_request:' || (7000 + i %% %[3]d) || ':' || i, 'title', repeat('what was changed ', 20),
					'author', json_build_object('id', (%d + i %% %d)::text, 'login', 'person' || (i %% %[5]d)))
			FROM (SELECT id, row_number() OVER (ORDER BY id) AS i FROM taken) AS numbered`, events, sourceName, bodyKinds, firstPerson, authors),
		fmt.Sprintf(`INSERT INTO sheets (user_id, no, bucket, counts, updated_at)
			SELECT u.id, 0, '', m.counts, now() FROM users AS u, (SELECT '{' || string_agg(format('"%%s":%d', id), ',' ORDER BY id) || '}' AS counts
			FROM (SELECT id FROM measures ORDER BY id LIMIT 9) AS m) AS m WHERE u.username LIKE 'person%%'`, reached),
		"VACUUM ANALYZE",
		"CHECKPOINT",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("filling the book: %w", err)
		}
	}
	return nil
}
