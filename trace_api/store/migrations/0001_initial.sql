-- Every unique index holds the column that its table would be distributed by; no foreign keys, no serial
-- columns: the schema can be spread over several servers as it is.

-- Capture numbers, 64 at a time: nextval × 64 is the first of a block that one process has to itself.
CREATE SEQUENCE capture_no_block;

-- One row for each capture, also for those that were refused.
CREATE TABLE capture (
    capture_no       bigint      PRIMARY KEY,
    capture_id       uuid        NOT NULL,  -- what the outside calls it
    partner          text        NOT NULL,  -- on whose behalf
    record_time      timestamptz NOT NULL,
    context          bytea       NOT NULL,  -- the parts of the document's @context, a JSON array
    body_digest      bytea       NOT NULL,  -- SHA-256 of the body as it came
    event_count      integer     NOT NULL,  -- events stored by this capture
    first_leaf_index bigint,                -- NULL until sequenced; event n of the capture is this plus n
    outcome          bytea       NOT NULL   -- what the job says: JSON, but not jsonb, which does not take every string
);
CREATE UNIQUE INDEX capture_id_key ON capture (capture_id);
CREATE INDEX capture_waiting ON capture (capture_no) WHERE first_leaf_index IS NULL AND event_count > 0;
CREATE INDEX capture_leaves ON capture (first_leaf_index) WHERE event_count > 0;

-- One row for each event: its bytes as they came, what opens its commitment, and its log entry.
CREATE TABLE event (
    event_key     bigint      PRIMARY KEY,  -- capture_no << 20 | position in the capture
    partner       text        NOT NULL,
    event_time    timestamptz NOT NULL,
    record_time   timestamptz NOT NULL,
    event_type    smallint    NOT NULL,
    action        smallint,
    biz_step      text,
    disposition   text,
    read_point    text,
    biz_location  text,
    event_id      text,                     -- as captured; the event hash id serves where there is none
    event_hash_id bytea       NOT NULL,
    secret        bytea,                    -- NULL once erased
    body          bytea,                    -- NULL once erased
    entry         bytea       NOT NULL,     -- the log entry, which stays
    findings      bytea,                    -- JSON; NULL when there are none
    -- What queries ask by, keyed hashes; NULL when there is nothing, or once erased.
    terms          bigint[],                -- each thing that the event says
    measure_fields bigint[],                -- of what the number in the same place of measure_values is one
    measure_values double precision[]
);
CREATE INDEX event_by_time ON event (event_time, event_key);
CREATE INDEX event_erased ON event (event_key) WHERE body IS NULL;
CREATE INDEX event_by_record_time ON event (record_time, event_key);
CREATE INDEX event_by_term ON event USING gin (terms);
-- For lists of the values themselves. Few values stand in many events: an entry takes about eight bytes.
CREATE INDEX event_by_biz_step ON event (biz_step);
CREATE INDEX event_by_disposition ON event (disposition);
CREATE INDEX event_by_read_point ON event (read_point);
CREATE INDEX event_by_biz_location ON event (biz_location);

-- Every name of every event under eight bytes of a keyed hash. A hint: readers compare the name itself.
CREATE TABLE reference (
    name_hash  bigint      NOT NULL,
    event_time timestamptz NOT NULL,
    event_key  bigint      NOT NULL,
    role       smallint    NOT NULL
);
CREATE INDEX reference_by_name ON reference (name_hash, event_time, event_key) INCLUDE (role);

-- Content digests of all events: what makes a repeated event a repetition.
CREATE TABLE event_digest (
    content_digest bytea  PRIMARY KEY,
    event_key      bigint NOT NULL
);

-- The head of the log. A sequencer that finds another epoch or size than it read has been overtaken.
CREATE TABLE log_head (
    log_id         smallint PRIMARY KEY,
    origin         text     NOT NULL,
    epoch          bigint   NOT NULL,
    tree_size      bigint   NOT NULL,
    root_hash      bytea    NOT NULL,
    checkpoint     bytea    NOT NULL,       -- the signed note
    blinding_token bytea    NOT NULL        -- of a fixed text: tells whether a blinding key is this log's
);

-- Tiles of 256 hashes; those at the right edge of the tree hold fewer and grow.
CREATE TABLE tile (
    level      smallint NOT NULL,
    tile_index bigint   NOT NULL,
    hashes     bytea    NOT NULL,
    PRIMARY KEY (level, tile_index)
);

-- Every checkpoint that was ever signed and stored.
CREATE TABLE checkpoint (
    tree_size bigint      PRIMARY KEY,
    root_hash bytea       NOT NULL,
    note      bytea       NOT NULL,
    signed_at timestamptz NOT NULL
);
