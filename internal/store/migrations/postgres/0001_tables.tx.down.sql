DROP TABLE book, jobs, progress, measures, revisions, events, deliveries, tokens, award_markers, awards, achievements, avatars, members, namespaces, accounts, users;
