-- name: take_sequencer_lock
-- One session at a time sequences; the lock is gone with its session.
SELECT pg_try_advisory_lock(hashtextextended('wayproof.sequencer', 0));

-- name: take_publisher_lock
-- One session at a time publishes a log; the lock is gone with its session.
SELECT pg_try_advisory_lock(hashtextextended('wayproof.publisher', $1));

-- name: release_publisher_lock
-- For a session that goes on to something else.
SELECT pg_advisory_unlock(hashtextextended('wayproof.publisher', $1));

-- name: publish
-- A checkpoint with its cosignatures goes out, unless a later one is out.
UPDATE log_head SET published_size = $1, published_root_hash = $2, published_checkpoint = $3, published_at = $4
WHERE log_id = $5 AND published_size <= $1 AND tree_size >= $1
RETURNING log_id;

-- name: keep_cosignatures
-- A kept checkpoint, as it was published.
UPDATE checkpoint SET note = $2 WHERE log_id = $3 AND tree_size = $1;

-- name: release_sequencer_lock
-- For a session that goes on to something else.
SELECT pg_advisory_unlock(hashtextextended('wayproof.sequencer', 0));

-- name: create_log_head
-- The first start of a log. A later start keeps what is there.
INSERT INTO log_head (log_id, origin, epoch, tree_size, root_hash, checkpoint, blinding_token,
                      published_size, published_root_hash, published_checkpoint, published_at)
VALUES ($5, $1, 0, 0, $2, $3, $4, 0, $2, $3, 'epoch')
ON CONFLICT (log_id) DO NOTHING;

-- name: read_log_head
-- The head as it is stored.
SELECT origin, epoch, tree_size, root_hash, checkpoint, blinding_token,
       published_size, published_root_hash, published_checkpoint, published_at FROM log_head WHERE log_id = $1;

-- name: read_published
-- What everybody may see of both logs, and what the last of the leaves of the index' log says.
SELECT log_id, published_size, published_root_hash, published_checkpoint, indexed_size, entry
FROM log_head LEFT JOIN index_entry ON log_id = 2 AND leaf_index = published_size - 1
ORDER BY log_id;

-- name: begin_epoch
-- A new sequencer fences every older one: their swaps name an epoch that is gone.
UPDATE log_head SET epoch = epoch + 1 WHERE log_id = 1 RETURNING epoch;

-- name: captures_to_sequence
-- The oldest captures that have no leaves yet, as many as hold at most $1 events together, but one at least.
SELECT capture_no, event_count FROM (
    SELECT capture_no, event_count,
           sum(event_count) OVER (ORDER BY capture_no) AS up_to_here,
           row_number() OVER (ORDER BY capture_no) AS place
    FROM (
        SELECT capture_no, event_count FROM capture
        WHERE first_leaf_index IS NULL AND event_count > 0
        ORDER BY capture_no LIMIT $2
    ) AS waiting
) AS counted
WHERE up_to_here <= $1 OR place = 1
ORDER BY capture_no;

-- name: entries_of_captures
-- The entries of each of these captures, in the order given, as one entry bundle each: two bytes of length, then the
-- entry. A capture's events come from the index in their order; over all captures together they would be sorted.
SELECT (
    SELECT string_agg(substring(int4send(octet_length(entry)) FROM 3) || entry, ''::bytea ORDER BY event_key)
    FROM event WHERE event_key >= c.capture_no << 20 AND event_key < (c.capture_no + 1) << 20)
FROM unnest($1::bigint[]) WITH ORDINALITY AS c (capture_no, place) ORDER BY c.place;

-- name: tiles_at
-- Tiles by coordinate.
SELECT t.level, t.tile_index, t.hashes
FROM unnest($1::smallint[], $2::bigint[]) AS wanted (level, tile_index)
JOIN tile AS t USING (level, tile_index) WHERE t.log_id = $3;

-- name: drop_tiles_beyond
-- Tiles that a tree of $2 leaves does not have.
DELETE FROM tile WHERE log_id = $1 AND (level > 7 OR tile_index >= ((($2::bigint >> (8 * level)) + 255) >> 8));

-- name: drop_digests
-- The digests of these events, so that none of them is in another's way.
UPDATE event SET content_digest = NULL WHERE event_key = ANY($1::bigint[]);

-- name: file_digests
-- The content digest of each of these events; none of an erased one.
UPDATE event SET content_digest = right_ones.digest
FROM unnest($1::bigint[], $2::uuid[]) AS right_ones (event_key, digest)
WHERE event.event_key = right_ones.event_key;

-- name: drop_references
-- All references that are equal to one of these; the others of their rows get rows of their own.
WITH wrong AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS wrong (name_hash, event_ref)
), dropped AS (
    DELETE FROM reference USING wrong
    WHERE reference.name_hash = wrong.name_hash
      AND wrong.event_ref IN (SELECT * FROM event_refs(reference.event_ref, reference.more))
    RETURNING reference.name_hash, reference.event_ref, reference.more
)
INSERT INTO reference (name_hash, event_ref)
SELECT name_hash, refs.event_ref
FROM dropped CROSS JOIN LATERAL event_refs(dropped.event_ref, more) AS refs (event_ref)
WHERE (name_hash, refs.event_ref) NOT IN (SELECT name_hash, event_ref FROM wrong);

-- name: add_references
-- These rows.
INSERT INTO reference (name_hash, event_ref) SELECT * FROM unnest($1::bigint[], $2::bigint[]);

-- name: file_events
-- Under what the hash ids of these events are filed.
UPDATE event SET name_hash = own.name_hash
FROM unnest($1::bigint[], $2::bigint[]) AS own (event_key, name_hash)
WHERE event.event_key = own.event_key AND body_bytes IS NOT NULL;

-- name: swap_log_head
-- The one step that makes leaves of events: no row means that another sequencer was faster.
UPDATE log_head SET tree_size = $3, root_hash = $4, checkpoint = $5
WHERE log_id = $6 AND epoch = $1 AND tree_size = $2
RETURNING log_id;

-- name: write_tiles
-- New tiles, and tiles at the edge that have grown.
INSERT INTO tile (log_id, level, tile_index, hashes)
SELECT $4, * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
ON CONFLICT (log_id, level, tile_index) DO UPDATE SET hashes = EXCLUDED.hashes;

-- name: number_captures
-- The leaf index of each capture's first event.
UPDATE capture SET first_leaf_index = n.first_leaf_index
FROM unnest($1::bigint[], $2::bigint[]) AS n (capture_no, first_leaf_index)
WHERE capture.capture_no = n.capture_no;

-- name: keep_checkpoint
-- Every checkpoint that was ever signed stays.
INSERT INTO checkpoint (log_id, tree_size, root_hash, note, signed_at) VALUES ($5, $1, $2, $3, $4);

-- name: keep_index_entry
-- What a leaf of the index' log says.
INSERT INTO index_entry (leaf_index, indexed_size, entry) VALUES ($1, $2, $3);

-- name: index_entries
-- The leaves $1 to $2 - 1 of the index' log, in order.
SELECT indexed_size, entry FROM index_entry WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index;

-- name: entries_of_leaves
-- The entries of the leaves $1 to $2 - 1: of each capture one entry bundle, in order.
SELECT (
    SELECT string_agg(substring(int4send(octet_length(entry)) FROM 3) || entry, ''::bytea ORDER BY event_key)
    FROM event
    WHERE event_key >= (c.capture_no << 20) + greatest($1 - c.first_leaf_index, 0)
      AND event_key < (c.capture_no << 20) + least($2 - c.first_leaf_index, c.event_count))
FROM (
    SELECT capture_no, first_leaf_index, event_count FROM capture
    WHERE event_count > 0 AND first_leaf_index < $2
      AND first_leaf_index >= (
          SELECT max(first_leaf_index) FROM capture WHERE event_count > 0 AND first_leaf_index <= $1)
) AS c ORDER BY c.first_leaf_index;

-- name: captures_in_log_order
-- Every sequenced capture with events, from leaf $1 on.
SELECT capture_no, partner, first_leaf_index, event_count, context, issuer FROM capture
WHERE event_count > 0 AND first_leaf_index >= $1
ORDER BY first_leaf_index, capture_no LIMIT $2;

-- name: rows_of_capture
-- Events of a capture from position $2 on, for whoever checks them: $3 at most, and with bodies of $4 bytes
-- together or one more. The caller reads their bodies by itself.
SELECT event_key, (extract(epoch FROM record_time) * 1000000)::bigint AS record_time_us,
       (extract(epoch FROM event_time) * 1000000)::bigint AS event_time_us,
       event_id, event_hash_id, entry, secret, name_hash, content_digest, issuer, body_bytes, body_place
FROM (
    SELECT *, sum(body_bytes) OVER (ORDER BY event_key) - body_bytes AS bytes_before
    FROM (
        SELECT event_key, record_time, event_time, event_id, event_hash_id, entry, secret, name_hash, content_digest,
               issuer, body_bytes, body_place
        FROM event
        WHERE event_key >= ($1::bigint << 20) + $2 AND event_key < ($1::bigint + 1) << 20
        ORDER BY event_key LIMIT $3
    ) AS next
) AS counted
WHERE coalesce(bytes_before, 0) < $4
ORDER BY event_key;

-- name: no_time_limit
-- For statements that read all there is.
SET LOCAL statement_timeout = 0;

-- name: all_references
-- The index over names, but for events that were erased: nobody can tell any more what their names were. What `filed`
-- shows is made by sets: a call of `event_refs` for each row takes twenty times as long.
SELECT name_hash, event_ref FROM (
    SELECT name_hash, event_ref FROM reference
    UNION ALL
    SELECT name_hash, ((event_ref >> 24) << 24)
        | ((get_byte(more, at) << 16) | (get_byte(more, at + 1) << 8) | get_byte(more, at + 2))
    FROM reference CROSS JOIN (VALUES (0), (3), (6), (9), (12), (15), (18)) AS places (at)
    WHERE at <= octet_length(more) - 3
) AS filed
WHERE NOT EXISTS (SELECT FROM event WHERE event.event_key = filed.event_ref >> 4 AND event.body_bytes IS NULL)
UNION ALL
SELECT name_hash, event_key << 4 | 8 FROM event WHERE body_bytes IS NOT NULL;

-- name: references_in_buckets
-- Those of it whose events are in these buckets, as `EventCheck` of the core counts them.
SELECT name_hash, event_ref FROM (
    SELECT name_hash, event_ref, event_ref >> 4 AS event_key FROM filed
    WHERE NOT EXISTS (SELECT FROM event WHERE event.event_key = filed.event_ref >> 4 AND event.body_bytes IS NULL)
    UNION ALL
    SELECT name_hash, event_key << 4 | 8, event_key FROM event WHERE body_bytes IS NOT NULL
) AS all_filed
WHERE ((event_key >> 20) * 61 + (event_key & 1048575)) & 65535 = ANY($1::bigint[]);

-- name: events_in_buckets
-- Events of these buckets that were not erased, with their captures' contexts.
SELECT event_key, (extract(epoch FROM event.record_time) * 1000000)::bigint AS record_time_us,
       (extract(epoch FROM event_time) * 1000000)::bigint AS event_time_us,
       event_id, event_hash_id, entry, secret, name_hash, content_digest, event.issuer, body_bytes, body_place, partner,
       context, capture.issuer AS capture_issuer
FROM event JOIN capture ON capture_no = event_key >> 20
WHERE ((event_key >> 20) * 61 + (event_key & 1048575)) & 65535 = ANY($1::bigint[]) AND body_bytes IS NOT NULL;

-- name: count_tiles
-- How many tiles are stored in all.
SELECT count(*) FROM tile WHERE log_id = 1;

-- name: checkpoints_in_order
-- Every checkpoint from size $1 on.
SELECT tree_size, root_hash, note FROM checkpoint WHERE log_id = 1 AND tree_size >= $1 ORDER BY tree_size LIMIT $2;

-- name: count_stray_events
-- Events whose capture says that it has fewer, or is not there.
SELECT count(*) FROM event AS e LEFT JOIN capture AS c ON c.capture_no = e.event_key >> 20
WHERE c.capture_no IS NULL OR e.event_key & ((1 << 20) - 1) >= c.event_count;
