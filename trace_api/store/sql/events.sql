-- name: references
-- Keys of the events that name these things within these times, oldest first within each name.
SELECT r.event_key
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) AS wanted (name_hash, from_time, to_time)
CROSS JOIN LATERAL (
    SELECT event_key FROM reference
    WHERE reference.name_hash = wanted.name_hash
      AND event_time BETWEEN wanted.from_time AND wanted.to_time
    ORDER BY event_time, event_key
    LIMIT $4
) AS r
LIMIT $4;

-- name: events_by_key
-- Events with what opens their commitments; the caller reads their captures by itself.
SELECT event_key, partner, event_time, record_time, event_id, event_hash_id, secret, body, entry, findings
FROM event WHERE event_key = ANY($1::bigint[]) ORDER BY event_time, event_key;

-- name: captures_by_number
-- What all events of a capture share.
SELECT capture_no, context, first_leaf_index FROM capture WHERE capture_no = ANY($1::bigint[]);

-- name: event_by_digest
-- The event with this content.
SELECT event_key FROM event_digest WHERE content_digest = $1;

-- name: page_of_events
-- A page in order of event time; $1, $2 is the last event of the page before.
SELECT event_key, event_time FROM event
WHERE (event_time, event_key) > ($1, $2)
  AND event_time >= $3 AND event_time < $4
  AND ($5::smallint IS NULL OR event_type = $5)
  AND ($6::text IS NULL OR biz_step = $6)
  AND body IS NOT NULL
ORDER BY event_time, event_key
LIMIT $7;
