DROP FUNCTION hold_revision();

--bun:split

ALTER TABLE deliveries RESET (toast_tuple_target);
