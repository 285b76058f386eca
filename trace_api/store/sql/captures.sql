-- name: next_number_block
-- The next block of capture numbers.
SELECT nextval('capture_no_block');

-- name: insert_capture
-- The capture itself, in the transaction that stores its events.
INSERT INTO capture (
    capture_no, capture_id, partner, record_time, context, body_digest, event_count, outcome, issuer
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: store_at_once
-- A capture of a few events, whole; nothing of it, and no row, where another event has one of their names ($1), too.
-- Postgres runs the last of these parts first: events before all else, values at last.
WITH shared AS MATERIALIZED (
    SELECT FROM unnest($1::bigint[]) AS named (name_hash)
    WHERE EXISTS (SELECT FROM event WHERE event.name_hash = named.name_hash)
       OR EXISTS (SELECT FROM filed WHERE filed.name_hash = named.name_hash AND event_ref & 15 = 8)
), of_values AS (
    INSERT INTO event_value (field, value, event_key)
    SELECT * FROM unnest($4::smallint[], $5::text[], $6::bigint[]) WHERE NOT EXISTS (SELECT FROM shared)
    ON CONFLICT DO NOTHING
), of_references AS (
    INSERT INTO reference SELECT * FROM json_populate_recordset(NULL::reference, $3)
    WHERE NOT EXISTS (SELECT FROM shared)
), of_events AS (
    -- In one order all over, so that captures of the same events do not wait for each other.
    INSERT INTO event SELECT * FROM json_populate_recordset(NULL::event, $2) WHERE NOT EXISTS (SELECT FROM shared)
    ORDER BY content_digest
)
INSERT INTO capture (
    capture_no, capture_id, partner, record_time, context, body_digest, event_count, outcome, issuer
) SELECT $7, $8, $9, $10, $11, $12, $13, $14, $15 WHERE NOT EXISTS (SELECT FROM shared)
RETURNING capture_no;

-- name: lock_retries
-- Captures that were in each other's way, with the same events in other orders, are stored one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('wayproof.retries', 0));

-- name: list_values
-- Values that can be listed, with an event that has them; known ones stay with theirs.
INSERT INTO event_value (field, value, event_key)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[]) ON CONFLICT DO NOTHING;

-- name: shared_names
-- Which of these names more than one event has.
SELECT name_hash FROM unnest($1::bigint[]) AS named (name_hash)
WHERE (SELECT count(*) FROM (SELECT FROM event WHERE event.name_hash = named.name_hash LIMIT 2) AS own)
    + (SELECT count(*) FROM (
        SELECT FROM filed WHERE filed.name_hash = named.name_hash AND event_ref & 15 = 8 LIMIT 2
    ) AS as_captured) > 1;

-- name: stored_outcome
-- Of a commit whose answer was lost, if it has taken effect.
SELECT outcome FROM capture WHERE capture_id = $1;

-- name: find_digests
-- Which of these content digests are stored.
SELECT wanted.content_digest FROM unnest($1::bytea[]) AS wanted (content_digest)
JOIN event ON event.content_digest = encode(substring(wanted.content_digest FOR 16), 'hex')::uuid;

-- name: load_capture
-- A capture job.
SELECT capture_id, partner, record_time, first_leaf_index, outcome,
       first_leaf_index < (SELECT published_size FROM log_head WHERE log_id = 1) IS TRUE AS is_published
FROM capture WHERE capture_id = $1;

-- name: page_of_captures
-- A partner's captures, the newest first, behind one of them; with outcomes of $4 bytes together or one more.
SELECT capture_no, capture_id, partner, record_time, first_leaf_index, outcome,
       first_leaf_index < (SELECT published_size FROM log_head WHERE log_id = 1) IS TRUE AS is_published
FROM (
    SELECT *, sum(octet_length(outcome)) OVER (ORDER BY capture_no DESC) - octet_length(outcome) AS bytes_before
    FROM (
        SELECT capture_no, capture_id, partner, record_time, first_leaf_index, outcome
        FROM capture WHERE partner = $1 AND capture_no < $2 ORDER BY capture_no DESC LIMIT $3
    ) AS page
) AS counted
WHERE bytes_before < $4 ORDER BY capture_no DESC;
