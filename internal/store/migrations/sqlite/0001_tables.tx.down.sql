DROP TABLE book;
--bun:split
DROP TABLE jobs;
--bun:split
DROP TABLE progress;
--bun:split
DROP TABLE measures;
--bun:split
DROP TABLE revisions;
--bun:split
DROP TABLE events;
--bun:split
DROP TABLE deliveries;
--bun:split
DROP TABLE tokens;
--bun:split
DROP TABLE award_markers;
--bun:split
DROP TABLE awards;
--bun:split
DROP TABLE achievements;
--bun:split
DROP TABLE avatars;
--bun:split
DROP TABLE members;
--bun:split
DROP TABLE namespaces;
--bun:split
DROP TABLE accounts;
--bun:split
DROP TABLE users;
