-- Where a key's holder wants those to be led who scan it: links for each level of a Digital Link path.
CREATE TABLE link_set (
    anchor     text        PRIMARY KEY,     -- the canonical Digital Link
    links      bytea       NOT NULL,        -- JSON array of links
    changed_at timestamptz NOT NULL
);
