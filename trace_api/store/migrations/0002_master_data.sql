-- What places, parties, products and lots are called and are like: every state that was ever told, the newest last.
CREATE TABLE master_data (
    name_hash   bigint      NOT NULL,  -- of what it is about, as in reference; a hint
    record_time timestamptz NOT NULL,
    capture_no  bigint      NOT NULL,
    position    integer     NOT NULL,  -- in its capture
    vocabulary  text        NOT NULL,  -- its type
    element_id  text        NOT NULL,  -- the one name of a GS1 key, any other URI as it was written
    body        bytea       NOT NULL,  -- the element with its attributes and children, JSON
    terms       bigint[]    NOT NULL,  -- each thing that its attributes say, keyed hashes as in event
    PRIMARY KEY (name_hash, record_time, capture_no, position)
);
CREATE INDEX master_data_by_vocabulary ON master_data (vocabulary, element_id);
CREATE INDEX master_data_by_term ON master_data USING gin (terms);
