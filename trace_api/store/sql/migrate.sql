-- name: lock
-- One process migrates at a time.
SELECT pg_advisory_lock(hashtextextended('wayproof.migrate', 0));

-- name: unlock
-- Lets the next one look.
SELECT pg_advisory_unlock(hashtextextended('wayproof.migrate', 0));

-- name: create_schema_version
-- The version of the schema is the number of migrations that have run.
CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, migrated_at timestamptz NOT NULL DEFAULT now());

-- name: read_schema_version
-- Zero for an empty database.
SELECT coalesce(max(version), 0) FROM schema_version;

-- name: write_schema_version
-- In the transaction of the migration itself.
INSERT INTO schema_version (version) VALUES ($1);
