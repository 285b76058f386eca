-- What everybody may see of the log: the last checkpoint that had the cosignatures which the policy asks for.
-- Until it has been published, a leaf is in the log for nobody outside.
ALTER TABLE log_head
    ADD COLUMN published_size       bigint,
    ADD COLUMN published_root_hash  bytea,
    ADD COLUMN published_checkpoint bytea,
    ADD COLUMN published_at         timestamptz;
UPDATE log_head SET published_size = tree_size, published_root_hash = root_hash,
    published_checkpoint = checkpoint, published_at = now();
ALTER TABLE log_head
    ALTER COLUMN published_size       SET NOT NULL,
    ALTER COLUMN published_root_hash  SET NOT NULL,
    ALTER COLUMN published_checkpoint SET NOT NULL,
    ALTER COLUMN published_at         SET NOT NULL;
