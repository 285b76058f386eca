-- Queries that a partner gave a name.
CREATE TABLE named_query (
    partner    text        NOT NULL,
    name       text        NOT NULL,
    definition bytea       NOT NULL,        -- JSON of the query as it came
    created_at timestamptz NOT NULL,
    PRIMARY KEY (partner, name)
);

-- Who is told of what a named query finds anew. Events are told in the order of the log.
CREATE TABLE subscription (
    subscription_id     uuid        PRIMARY KEY,
    partner             text        NOT NULL,
    query_name          text        NOT NULL,
    dest                text        NOT NULL,
    signature_token     text,                -- secret; signs what is sent
    schedule            bytea,               -- JSON; NULL for a stream
    report_if_empty     boolean     NOT NULL,
    epc_format          text        NOT NULL,
    initial_record_time timestamptz,         -- events recorded before are not told
    created_at          timestamptz NOT NULL,
    next_leaf_index     bigint      NOT NULL, -- leaves before this one are told, or are not for it
    due_at              timestamptz NOT NULL, -- when to look again: by schedule, after a failure, or once its worker is lost
    failures            integer     NOT NULL, -- attempts since the last success
    last_failure        text,
    last_notified_at    timestamptz
);
CREATE INDEX subscription_of_query ON subscription (partner, query_name, subscription_id);
CREATE INDEX subscription_due ON subscription (due_at);

-- Where events recorded since a time begin in the log.
CREATE INDEX capture_by_record_time ON capture (record_time) WHERE event_count > 0;
