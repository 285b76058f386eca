-- Page tokens that somebody ended, until they would have expired.
CREATE TABLE ended_page_token (
    token_digest bytea       PRIMARY KEY,
    expires      timestamptz NOT NULL
);
CREATE INDEX ended_page_token_by_end ON ended_page_token (expires);

-- Lists of captures are each partner's own.
CREATE INDEX capture_by_partner ON capture (partner, capture_no);
