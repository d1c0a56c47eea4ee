-- Whether others see on the profile how far somebody has come towards what they do not hold yet.
ALTER TABLE users ADD COLUMN share_progress boolean NOT NULL DEFAULT false;
-- Whether the namespace shows who holds the most of its achievements.
ALTER TABLE namespaces ADD COLUMN leaderboard boolean NOT NULL DEFAULT false;
