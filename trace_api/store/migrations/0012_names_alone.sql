-- The index over names has names alone: references to one name stand there once, with the places of their rows, and in
-- the order of these, which is about that of capture. Whoever needs another order sorts.
-- Whoever reads meanwhile waits for the last two statements alone.
CREATE INDEX reference_by_name_alone ON reference (name_hash);
DROP INDEX reference_by_name;
ALTER INDEX reference_by_name_alone RENAME TO reference_by_name;
