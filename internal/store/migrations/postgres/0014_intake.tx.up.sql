-- A compressed body of some KB stands with its delivery: for each chunk elsewhere there would be a row and an index entry more.
ALTER TABLE deliveries SET (toast_tuple_target = 8160);

--bun:split

-- Holds the revision that judges, beside others, until the transaction ends, and then reads it: one question instead of two.
-- 7221505 is revisionLock. A volatile function reads what was committed while it waited.
CREATE FUNCTION hold_revision(OUT revision_id bigint, OUT people bigint) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7221505);
    SELECT b.revision_id, b.people INTO revision_id, people FROM book AS b;
END
$$;
