-- Postgres clears a page as soon as less than what fillfactor leaves is free. With half a page that was nearly each time a count
-- changed, and is noted in the log each time; a tenth is room for the changes of some transactions.
ALTER TABLE progress SET (fillfactor = 90);
