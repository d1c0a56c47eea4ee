ALTER TABLE namespaces DROP COLUMN leaderboard;
ALTER TABLE users DROP COLUMN share_progress;
