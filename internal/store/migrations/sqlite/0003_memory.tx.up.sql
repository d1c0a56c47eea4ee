-- What a measure remembers besides its number, as the rules engine wrote it.
ALTER TABLE progress ADD COLUMN data blob;
