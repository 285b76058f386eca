-- name: end_token
-- A token leads on no more.
INSERT INTO ended_page_token (token_digest, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: forget_expired
-- Tokens that would not lead on anyway.
DELETE FROM ended_page_token WHERE expires < now();

-- name: is_ended
-- Whether a token was ended.
SELECT EXISTS (SELECT FROM ended_page_token WHERE token_digest = $1);
