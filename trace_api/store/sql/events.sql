-- name: references
-- Keys of the events that name these things, $2 at most.
SELECT found.event_key
FROM unnest($1::bigint[]) AS wanted (name_hash)
CROSS JOIN LATERAL (
    SELECT refs.event_ref >> 4 AS event_key
    FROM reference CROSS JOIN LATERAL event_refs(reference.event_ref, more) AS refs (event_ref)
    WHERE reference.name_hash = wanted.name_hash
    LIMIT $2
) AS found
LIMIT $2;

-- name: events_called
-- Keys of the events whose id, as captured or by its hash, is filed so.
SELECT event_key FROM event WHERE name_hash = $1
UNION
SELECT event_ref >> 4 FROM filed WHERE name_hash = $1 AND event_ref & 15 = 8
LIMIT $2;

-- name: event_that_says
-- An event that says one of these things.
SELECT event_key FROM event WHERE terms && $1::bigint[] AND body_bytes IS NOT NULL LIMIT 1;

-- name: events_by_key
-- Events with what opens their commitments; the caller reads their bodies and captures by itself.
SELECT event_key, event_time, record_time, event_id, event_hash_id, secret, signed_place, entry, findings, issuer,
       coalesce(body_bytes, 0) AS body_bytes, body_place
FROM event WHERE event_key = ANY($1::bigint[]) ORDER BY event_time, event_key;

-- name: logged_by_key
-- What the log says of events, without their bodies. Leaves that are not published are nobody's business yet.
SELECT event_key, partner, event_time, event.record_time, event_id, event_hash_id, entry, findings,
       coalesce(body_bytes, 0) AS body_bytes,
       CASE WHEN first_leaf_index < (SELECT published_size FROM log_head WHERE log_id = 1)
           THEN first_leaf_index + (event_key & 1048575) END AS leaf_index,
       coalesce(event.issuer, capture.issuer) AS signed_by
FROM event LEFT JOIN capture ON capture_no = event_key >> 20
WHERE event_key = ANY($1::bigint[]) ORDER BY event_time, event_key;

-- name: slice_of_bodies
-- What a walk needs of the first of these events, with bodies of $2 bytes together or one event more; those
-- that were erased cannot be walked.
SELECT event_key, body_place, record_time_us FROM (
    SELECT event_key, body_place, (extract(epoch FROM record_time) * 1000000)::bigint AS record_time_us,
           sum(body_bytes) OVER (ORDER BY event_key) - body_bytes AS bytes_before
    FROM event WHERE event_key = ANY($1::bigint[]) AND body_bytes IS NOT NULL
) AS counted
WHERE bytes_before < $2 ORDER BY event_key;

-- name: bodies_of_groups
-- The bodies that stand with these events.
SELECT event_key, bodies FROM event WHERE event_key = ANY($1::bigint[]) AND bodies IS NOT NULL;

-- name: captures_by_number
-- What all events of a capture share. Leaves that are not published are nobody's business yet.
SELECT capture_no, partner, context,
       CASE WHEN first_leaf_index < (SELECT published_size FROM log_head WHERE log_id = 1) THEN first_leaf_index END
           AS first_leaf_index,
       issuer
FROM capture WHERE capture_no = ANY($1::bigint[]);

-- name: event_by_digest
-- The event with this content.
SELECT event_key FROM event WHERE content_digest = encode(substring($1::bytea FOR 16), 'hex')::uuid;

-- name: body_sizes
-- How many bytes the bodies of events have.
SELECT event_key, body_bytes FROM event WHERE event_key = ANY($1::bigint[]);

-- name: values_of_field
-- The next values of a field behind one of them, each once.
SELECT value FROM event_value WHERE field = $1 AND value > $2 ORDER BY value LIMIT $3;

-- name: items_named
-- The next items behind a name hash, by the hashes of their names, each with an event that names it and was not erased,
-- or none.
WITH RECURSIVE step (name_hash) AS (
    (SELECT name_hash FROM filed
     WHERE name_hash > $1 AND event_ref & 15 = ANY($2::bigint[]) ORDER BY name_hash LIMIT 1)
    UNION ALL
    SELECT (
        SELECT filed.name_hash FROM filed
        WHERE filed.name_hash > step.name_hash AND event_ref & 15 = ANY($2::bigint[])
        ORDER BY filed.name_hash LIMIT 1
    )
    FROM step WHERE step.name_hash IS NOT NULL
)
SELECT name_hash, (
    SELECT event_key FROM filed JOIN event ON event_key = event_ref >> 4
    WHERE filed.name_hash = step.name_hash AND event_ref & 15 = ANY($2::bigint[]) AND body_bytes IS NOT NULL
    LIMIT 1
) AS event_key
FROM step WHERE name_hash IS NOT NULL LIMIT $3;

-- name: lock_values
-- Waits for captures that are being stored, and keeps others from it: what they have may be listed already.
LOCK TABLE event_value IN SHARE ROW EXCLUSIVE MODE;

-- name: erase_event
-- What an event said, and all that was made from it but its log entry, goes: its content digest as well, which would
-- confirm a guess. Its names stay filed, blinded.
UPDATE event SET body_bytes = NULL, secret = NULL, signed_place = NULL, issuer = NULL, findings = NULL,
    terms = NULL, measures = NULL, action = NULL, event_time = record_time, content_digest = NULL,
    event_hash_id = decode(repeat('00', 32), 'hex')
WHERE event_key = $1 AND body_bytes IS NOT NULL
RETURNING body_place;

-- name: read_bodies
-- The bodies that stand with an event, to be written again.
SELECT bodies FROM event WHERE event_key = $1 FOR UPDATE;

-- name: write_bodies
-- The same, without one of them.
UPDATE event SET bodies = $2 WHERE event_key = $1;

-- name: values_of_event
-- The values for which an event stands.
SELECT field, value FROM event_value WHERE event_key = $1;

-- name: pass_value
-- Another event stands for a value.
UPDATE event_value SET event_key = $3 WHERE field = $1 AND value = $2;

-- name: drop_value
-- No event has a value any more.
DELETE FROM event_value WHERE field = $1 AND value = $2;

-- name: erase_issuer
-- A signature over one event alone would confirm a guess of it. One over several says nothing without their salts.
UPDATE capture SET issuer = NULL WHERE capture_no = $1 AND event_count = 1;

-- name: read_outcome
-- What a job says of its events.
SELECT outcome FROM capture WHERE capture_no = $1 FOR UPDATE;

-- name: write_outcome
-- The same, without what it quotes.
UPDATE capture SET outcome = $2 WHERE capture_no = $1;

-- name: erased_events
-- Of the events that are filed under a name, those that were erased: at most $2.
SELECT DISTINCT event.event_key FROM filed JOIN event ON event.event_key = filed.event_ref >> 4
WHERE filed.name_hash = $1 AND body_bytes IS NULL LIMIT $2;
