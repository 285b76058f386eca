-- name: insert_key
-- A key that nobody has registered before.
INSERT INTO partner_key (key_id, partner, jwk, note_hash, valid_from, valid_until, registered_at, record)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key_id) DO NOTHING RETURNING key_id;

-- name: revoke_key
-- The end of a key; the first one counts.
UPDATE partner_key SET revoked_at = $2, compromised_since = $3, revocation_record = $4
WHERE key_id = $1 AND revoked_at IS NULL RETURNING key_id;

-- name: keys_by_id
-- Keys by their ids.
SELECT key_id, partner, jwk, valid_from, valid_until, registered_at, record, revoked_at, compromised_since,
       revocation_record
FROM partner_key WHERE key_id = ANY($1::text[]);

-- name: keys_of_note
-- The keys of a partner that a note can mean: two may share the short hash.
SELECT key_id, partner, jwk, valid_from, valid_until, registered_at, record, revoked_at, compromised_since,
       revocation_record
FROM partner_key WHERE partner = $1 AND note_hash = $2 ORDER BY key_id LIMIT $3;

-- name: page_of_keys
-- Keys behind one, of one partner or of all.
SELECT key_id, partner, jwk, valid_from, valid_until, registered_at, record, revoked_at, compromised_since,
       revocation_record
FROM partner_key
WHERE (partner, key_id) > ($1, $2) AND ($3::text IS NULL OR partner = $3) ORDER BY partner, key_id LIMIT $4;
