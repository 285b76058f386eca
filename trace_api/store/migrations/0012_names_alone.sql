-- The index over names has names alone: references to one name stand there once, with the places of their rows, and in
-- the order of these, which is about that of capture. Whoever needs another order sorts.
-- Whoever reads meanwhile waits for the last two statements alone.
CREATE INDEX reference_by_name_alone ON reference (name_hash);
DROP INDEX reference_by_name;
ALTER INDEX reference_by_name_alone RENAME TO reference_by_name;

-- Where a few names are in nearly all events, the planner would think that any is, and read all references to find those
-- of one. Told that a name has two, it always takes the index, which is right for one that has a million as well.
ALTER TABLE reference ALTER COLUMN name_hash SET (n_distinct = -0.5);
ANALYZE reference (name_hash);
