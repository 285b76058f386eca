-- A second log beside that of the events: each of its leaves binds a root of the index over items to the checkpoint
-- whose entries gave it. Heads, tiles and checkpoints are those of both; 1 is the log of events, 2 that of the index.
ALTER TABLE tile ADD COLUMN log_id smallint NOT NULL DEFAULT 1;
ALTER TABLE tile DROP CONSTRAINT tile_pkey, ADD PRIMARY KEY (log_id, level, tile_index);
ALTER TABLE checkpoint ADD COLUMN log_id smallint NOT NULL DEFAULT 1;
ALTER TABLE checkpoint DROP CONSTRAINT checkpoint_pkey, ADD PRIMARY KEY (log_id, tree_size);

CREATE TABLE index_entry (
    leaf_index   bigint PRIMARY KEY,   -- in the log of the index
    indexed_size bigint NOT NULL,      -- leaves of the log of events that the root is of
    entry        bytea  NOT NULL       -- as docs/formats.md has it
);
