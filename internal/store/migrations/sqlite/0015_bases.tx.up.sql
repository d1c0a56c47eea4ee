-- The delivery whose body is the dictionary of this one's; null where it stands alone.
ALTER TABLE deliveries ADD COLUMN base_id INTEGER;
