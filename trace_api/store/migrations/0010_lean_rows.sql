-- Events in a third of the room. What a capture says of all its events stands with the capture alone; bodies are
-- kept in groups, compressed; values that are listed stand once; what is filed under a name takes 16 bytes.

-- Values of events that can be listed, each with an event that has it.
CREATE TABLE event_value (
    field     smallint NOT NULL,            -- 1 business step, 2 disposition, 3 read point, 4 business location
    value     text     NOT NULL,            -- as captured
    event_key bigint   NOT NULL,
    PRIMARY KEY (field, value),
    -- A page token has to hold one.
    CONSTRAINT event_values_are_short CHECK (octet_length(value) <= 2000)
);
INSERT INTO event_value (field, value, event_key)
SELECT field, value, min(event_key)
FROM event
CROSS JOIN LATERAL (
    VALUES (1::smallint, biz_step), (2::smallint, disposition), (3::smallint, read_point), (4::smallint, biz_location)
) AS said (field, value)
WHERE octet_length(value) <= 2000
GROUP BY field, value;

-- One row for each event: what opens its commitment, its log entry, and what queries ask by. Columns of one width
-- come first, so that none is padded.
CREATE TABLE lean_event (
    event_key      bigint      NOT NULL,    -- capture_no << 20 | position in the capture
    event_time     timestamptz NOT NULL,
    record_time    timestamptz NOT NULL,
    name_hash      bigint      NOT NULL,    -- eight bytes of a keyed hash of its event hash id
    content_digest uuid,                    -- its first half: what makes a repetition one; NULL once erased
    body_bytes     integer,                 -- what its body has; NULL once erased
    event_type     smallint    NOT NULL,
    action         smallint,
    body_place     smallint    NOT NULL,    -- its body stands with the event that is so many before it
    event_id       text,                    -- as captured; the event hash id serves where there is none
    event_hash_id  bytea       NOT NULL,
    secret         bytea,                   -- NULL once erased
    entry          bytea       NOT NULL,    -- the log entry, which stays
    findings       bytea,                   -- JSON; NULL when there are none
    signed_place   bytea,                   -- where it stands in what was signed
    -- What queries ask by, keyed hashes; NULL when there is nothing, or once erased.
    terms          bigint[],                -- each thing that the event says
    measures       double precision[],      -- numbers of fields: the fields, then as many numbers
    bodies         bytea                    -- of this event and those behind it, as docs/formats.md says; else NULL
);
-- A group stands in the row where a page has room for both: in pieces of two thousand bytes a fifth would be lost.
ALTER TABLE lean_event ALTER COLUMN bodies SET STORAGE EXTERNAL;
ALTER TABLE lean_event SET (toast_tuple_target = 8160);
-- An event's own names are two where it brought an id: one goes into its row, the other stays where it is. A body of
-- more than a kilobyte that would not be the first of its group is one by itself, so that no group is large.
INSERT INTO lean_event
SELECT event_key, event_time, record_time, coalesce(own.name_hash, 0),
       encode(substring(content_digest FOR 16), 'hex')::uuid, octet_length(body), event_type, action,
       CASE WHEN octet_length(body) > 1024 THEN 0 ELSE event_key & 31 END,
       event_id, event_hash_id, secret, entry, findings, signed_place, terms, (
           SELECT array_agg(((field >> 12) & 4503599627370495)::double precision ORDER BY place) || measure_values
           FROM unnest(measure_fields) WITH ORDINALITY AS measured (field, place)
       ), CASE WHEN event_key & 31 > 0 AND octet_length(body) > 1024
           THEN '\x00'::bytea || int4send(octet_length(body)) || body ELSE bodies END
FROM event
LEFT JOIN (SELECT event_key, min(name_hash) AS name_hash FROM reference WHERE role = 8 GROUP BY event_key) AS own
    USING (event_key)
LEFT JOIN event_digest USING (event_key)
LEFT JOIN (
    SELECT min(event_key) AS event_key,
           '\x00'::bytea || string_agg(int4send(coalesce(octet_length(body), 0)) || coalesce(body, ''), ''::bytea
                                       ORDER BY event_key) AS bodies
    FROM (
        SELECT event_key, CASE WHEN event_key & 31 = 0 OR octet_length(body) <= 1024 THEN body END AS body FROM event
    ) AS grouped_event
    GROUP BY event_key >> 5
) AS grouped USING (event_key)
ORDER BY event_key;

-- Every other name of every event under eight bytes of a keyed hash. A hint: readers compare the name itself.
-- One row for each name and capture, or several: a name stands in many events of a capture, and what costs is the row.
CREATE TABLE lean_reference (
    name_hash bigint NOT NULL,
    event_ref bigint NOT NULL,              -- event_key << 4 | role, the first of them
    more      bytea                         -- the last three bytes of up to seven others of the same capture
);
INSERT INTO lean_reference
SELECT name_hash, min(event_ref), nullif(substring(
           string_agg(substring(int8send(event_ref) FROM 6), ''::bytea ORDER BY event_ref) FROM 4
       ), ''::bytea)
FROM (
    SELECT name_hash, event_ref,
           (row_number() OVER (PARTITION BY name_hash, event_ref >> 24 ORDER BY event_ref) - 1) / 8 AS part
    FROM (SELECT name_hash, event_key << 4 | role AS event_ref, event_key, role FROM reference) AS filed
    WHERE role <> 7 AND NOT (role = 8 AND EXISTS (
        SELECT FROM lean_event WHERE lean_event.event_key = filed.event_key AND lean_event.name_hash = filed.name_hash
    ))
) AS parted
GROUP BY name_hash, event_ref >> 24, part
ORDER BY name_hash, min(event_ref);

DROP TABLE event, reference, event_digest;
ALTER TABLE lean_event RENAME TO event;
ALTER TABLE lean_reference RENAME TO reference;

-- Looked at in this order: a repetition is one, whatever its key.
CREATE UNIQUE INDEX event_by_digest ON event (content_digest);
ALTER TABLE event ADD CONSTRAINT event_pkey PRIMARY KEY (event_key);
-- Few events share a microsecond; those that do are sorted by their keys when they are read.
CREATE INDEX event_by_time ON event (event_time);
-- Events stand about in the order in which they came; exactly so, their captures tell.
CREATE INDEX event_by_record_time ON event USING brin (record_time) WITH (autosummarize = on);
CREATE INDEX event_by_name ON event (name_hash);
CREATE INDEX event_by_term ON event USING gin (terms);
CREATE INDEX event_erased ON event (event_key) WHERE body_bytes IS NULL;
CREATE INDEX reference_by_name ON reference (name_hash, event_ref);

-- All references that a row of `reference` holds, ascending. LIMIT tells the planner how few they are.
CREATE FUNCTION event_refs(event_ref bigint, more bytea) RETURNS SETOF bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 8 AS $$
    SELECT event_ref
    UNION ALL
    SELECT ((event_ref >> 24) << 24)
        | ((get_byte(more, at) << 16) | (get_byte(more, at + 1) << 8) | get_byte(more, at + 2))
    FROM (SELECT generate_series(0, octet_length(more) - 3, 3) AS at LIMIT 7) AS places
$$;
-- The index over names, a row for each reference.
CREATE VIEW filed (name_hash, event_ref) WITH (security_invoker = true) AS
SELECT name_hash, refs.event_ref
FROM reference CROSS JOIN LATERAL event_refs(reference.event_ref, more) AS refs (event_ref);
