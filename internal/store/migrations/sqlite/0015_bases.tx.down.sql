ALTER TABLE deliveries DROP COLUMN base_id;
