-- Nearly all deliveries are judged, and come in the order of time: what every one of them adds to an index is saved.
DROP INDEX deliveries_outcome;
CREATE INDEX deliveries_outcome ON deliveries (outcome, id) WHERE outcome <> 'judged';
DROP INDEX deliveries_received;
CREATE INDEX deliveries_received ON deliveries USING brin (received_at) WITH (pages_per_range = 16, autosummarize = on);
