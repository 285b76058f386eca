-- name: references
-- Keys of the events that name these things within these times, in µs since 1970, oldest first for each
-- name. Open ends are cut to the years that events can have, 1970 to 2112, which an interval holds exactly.
SELECT found.event_key
FROM (
    SELECT name_hash,
           timestamptz 'epoch' + least(greatest(from_us, 0), 1::bigint << 52) * interval '1 microsecond' AS from_time,
           timestamptz 'epoch' + least(greatest(to_us, 0), 1::bigint << 52) * interval '1 microsecond' AS to_time
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS wanted (name_hash, from_us, to_us)
) AS wanted
CROSS JOIN LATERAL (
    SELECT event_key FROM reference
    WHERE reference.name_hash = wanted.name_hash
      AND reference.event_time BETWEEN wanted.from_time AND wanted.to_time
    ORDER BY event_time, event_key
    LIMIT $4
) AS found
LIMIT $4;

-- name: events_by_key
-- Events with what opens their commitments; the caller reads their captures by itself.
SELECT event_key, partner, event_time, record_time, event_id, event_hash_id, secret, signed_place, body, entry, findings
FROM event WHERE event_key = ANY($1::bigint[]) ORDER BY event_time, event_key;

-- name: logged_by_key
-- What the log says of events, without their bodies.
SELECT event_key, partner, event_time, record_time, event_id, event_hash_id, entry, findings,
       coalesce(octet_length(body), 0) AS body_bytes
FROM event WHERE event_key = ANY($1::bigint[]) ORDER BY event_time, event_key;

-- name: slice_of_bodies
-- What a walk needs of the first of these events, with bodies of $2 bytes together or one event more; those
-- that were erased cannot be walked.
SELECT event_key, body, record_time_us FROM (
    SELECT event_key, body, (extract(epoch FROM record_time) * 1000000)::bigint AS record_time_us,
           sum(octet_length(body)) OVER (ORDER BY event_key) - octet_length(body) AS bytes_before
    FROM event WHERE event_key = ANY($1::bigint[]) AND body IS NOT NULL
) AS counted
WHERE bytes_before < $2 ORDER BY event_key;

-- name: captures_by_number
-- What all events of a capture share. Leaves that are not published are nobody's business yet.
SELECT capture_no, context,
       CASE WHEN first_leaf_index < (SELECT published_size FROM log_head WHERE log_id = 1) THEN first_leaf_index END
           AS first_leaf_index,
       issuer
FROM capture WHERE capture_no = ANY($1::bigint[]);

-- name: event_by_digest
-- The event with this content.
SELECT event_key FROM event_digest WHERE content_digest = $1;

-- name: body_sizes
-- How many bytes the bodies of events have.
SELECT event_key, octet_length(body) FROM event WHERE event_key = ANY($1::bigint[]);

-- name: values_of_column
-- The next values of a column behind one of them, each once: a step from value to value for each.
WITH RECURSIVE step (value) AS (
    (SELECT {column} FROM event WHERE {column} > $1 ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT {column} FROM event WHERE {column} > step.value ORDER BY {column} LIMIT 1)
    FROM step WHERE step.value IS NOT NULL
)
SELECT value FROM step WHERE value IS NOT NULL LIMIT $2;

-- name: items_named
-- The next items behind a name hash, by the hashes of their names, each with the last event that names it.
WITH RECURSIVE step (name_hash) AS (
    (SELECT name_hash FROM reference WHERE name_hash > $1 AND role = ANY($2::smallint[]) ORDER BY name_hash LIMIT 1)
    UNION ALL
    SELECT (
        SELECT reference.name_hash FROM reference
        WHERE reference.name_hash > step.name_hash AND role = ANY($2::smallint[])
        ORDER BY reference.name_hash LIMIT 1
    )
    FROM step WHERE step.name_hash IS NOT NULL
)
SELECT name_hash, (
    SELECT event_key FROM reference
    WHERE reference.name_hash = step.name_hash AND role = ANY($2::smallint[])
    ORDER BY event_time DESC, event_key DESC LIMIT 1
) AS event_key
FROM step WHERE name_hash IS NOT NULL LIMIT $3;

-- name: erase_event
-- What an event said, and all that was made from it but its log entry, goes. Its names stay filed, blinded.
UPDATE event SET body = NULL, secret = NULL, signed_place = NULL, findings = NULL, terms = NULL, measure_fields = NULL,
    measure_values = NULL, action = NULL, biz_step = NULL, disposition = NULL, read_point = NULL, biz_location = NULL,
    event_time = record_time, event_hash_id = decode(repeat('00', 32), 'hex')
WHERE event_key = $1 AND body IS NOT NULL
RETURNING event_key;

-- name: erase_digest
-- The digest of an erased event, which would confirm a guess.
DELETE FROM event_digest WHERE content_digest = $1 AND event_key = $2;

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
SELECT DISTINCT event.event_key FROM reference JOIN event USING (event_key)
WHERE name_hash = $1 AND body IS NULL LIMIT $2;
