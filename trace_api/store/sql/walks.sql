-- name: round_of_walk
-- What a walk looks up: the keys of the events that name these things within these times ($1 to $3, in µs since 1970),
-- but for those that it knows ($5), and what the first of them say. At most $4 references are looked at. Of these keys
-- and those in $6 the first $7 are looked up, in their order, and come with bodies of $8 bytes together or one event
-- more; those that were erased say nothing. What a row is stands in `kind`, see `walks.py`. Open ends are cut to the
-- years that events can have, 1970 to 2112, which an interval holds exactly.
WITH named AS MATERIALIZED (
    SELECT found.event_key
    FROM (
        SELECT name_hash, from_us <= 0 AND to_us >= 1::bigint << 52 AS is_any,
               timestamptz 'epoch' + least(greatest(from_us, 0), 1::bigint << 52) * interval '1 microsecond' AS from_time,
               timestamptz 'epoch' + least(greatest(to_us, 0), 1::bigint << 52) * interval '1 microsecond' AS to_time
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS wanted (name_hash, from_us, to_us)
    ) AS wanted
    CROSS JOIN LATERAL (
        SELECT refs.event_ref >> 4 AS event_key
        FROM reference CROSS JOIN LATERAL event_refs(reference.event_ref, more) AS refs (event_ref)
        -- Not EXISTS, which the planner may answer by reading all events of these times.
        WHERE reference.name_hash = wanted.name_hash AND (is_any OR (
            SELECT event_time BETWEEN wanted.from_time AND wanted.to_time FROM event
            WHERE event.event_key = refs.event_ref >> 4
        ))
        LIMIT $4
    ) AS found
    LIMIT $4
), fresh AS MATERIALIZED (
    (SELECT event_key FROM named EXCEPT SELECT unnest($5::bigint[])) UNION ALL SELECT unnest($6::bigint[])
), slice AS MATERIALIZED (
    SELECT event_key, body_place, body_bytes, record_time_us, event_hash_id FROM (
        SELECT event_key, body_place, body_bytes, (extract(epoch FROM record_time) * 1000000)::bigint AS record_time_us,
               event_hash_id, sum(body_bytes) OVER (ORDER BY event_key) - body_bytes AS bytes_before
        FROM event
        WHERE event_key = ANY(ARRAY(SELECT event_key FROM fresh ORDER BY event_key LIMIT $7))
          AND body_bytes IS NOT NULL
    ) AS counted
    WHERE bytes_before < $8
)
SELECT 0 AS kind, event_key AS key, record_time_us AS number, body_place, body_bytes, event_hash_id AS bytes FROM slice
UNION ALL
SELECT 1, event_key, NULL, NULL, NULL, bodies FROM event
WHERE event_key = ANY(ARRAY(SELECT DISTINCT event_key - body_place FROM slice)) AND bodies IS NOT NULL
UNION ALL
SELECT 2, capture_no, NULL, NULL, NULL, context FROM capture
WHERE capture_no = ANY(ARRAY(SELECT DISTINCT event_key >> 20 FROM slice))
UNION ALL
SELECT 3, event_key, NULL, NULL, NULL, NULL FROM fresh
UNION ALL
SELECT 4, 0, count(*), NULL, NULL, NULL FROM named;
