ALTER TABLE progress SET (fillfactor = 50);
