-- The index over names has names alone: references to one name stand there once, with the places of their rows, and in
-- the order of these, which is about that of capture. Whoever needs another order sorts.
DROP INDEX reference_by_name;
CREATE INDEX reference_by_name ON reference (name_hash);
