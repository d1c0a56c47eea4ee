DROP INDEX events_members;
--bun:split
DROP TABLE import_parts;
--bun:split
DROP TABLE imports;
