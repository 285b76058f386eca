-- name: insert_master_data
-- The elements of a capture, but for those that say what was said before.
-- An array of arrays has rows of one length; so the terms of each come as the text of an array.
INSERT INTO master_data (name_hash, record_time, capture_no, position, vocabulary, element_id, body, terms)
SELECT told.name_hash, $2, $1, told.position, told.vocabulary, told.element_id, told.body, told.terms::bigint[]
FROM unnest($3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::text[])
     WITH ORDINALITY AS told (name_hash, vocabulary, element_id, body, terms, position)
WHERE told.body IS DISTINCT FROM (
    SELECT before.body FROM master_data AS before
    WHERE before.name_hash = told.name_hash
      AND before.element_id = told.element_id AND before.vocabulary = told.vocabulary
    ORDER BY before.record_time DESC, before.capture_no DESC, before.position DESC
    LIMIT 1);

-- name: master_data_of
-- What was known at a time of things with these name hashes, one row for each of their vocabularies.
SELECT DISTINCT ON (name_hash, element_id, vocabulary) vocabulary, element_id, record_time, body
FROM master_data
WHERE name_hash = ANY($1::bigint[]) AND record_time <= $2
ORDER BY name_hash, element_id, vocabulary, record_time DESC, capture_no DESC, position DESC;

-- name: page_of_master_data
-- What was known at a time, in order of vocabulary and id, behind a place; of $6 bytes together or one more.
SELECT vocabulary, element_id, record_time, body FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY vocabulary, element_id) - octet_length(body) AS bytes_before
    FROM (
        SELECT DISTINCT ON (vocabulary, element_id) vocabulary, element_id, record_time, body
        FROM master_data
        WHERE (vocabulary, element_id) > ($1, $2) AND ($3::text IS NULL OR vocabulary = $3) AND record_time <= $4
        ORDER BY vocabulary, element_id, record_time DESC, capture_no DESC, position DESC
        LIMIT $5
    ) AS page
) AS counted
WHERE bytes_before < $6 ORDER BY vocabulary, element_id;

-- name: elements_that_say
-- Things of which one of these terms is said now: not what a later telling has replaced.
SELECT DISTINCT element_id FROM master_data
WHERE terms && $1::bigint[] AND NOT EXISTS (
    SELECT FROM master_data AS later
    WHERE later.name_hash = master_data.name_hash
      AND later.element_id = master_data.element_id AND later.vocabulary = master_data.vocabulary
      AND (later.record_time, later.capture_no, later.position)
        > (master_data.record_time, master_data.capture_no, master_data.position))
LIMIT $2;
