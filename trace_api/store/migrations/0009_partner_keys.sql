-- Who signed: with the capture what all its events share, with the event its place in what was signed.
ALTER TABLE capture ADD COLUMN issuer bytea;        -- JSON; NULL where nobody signed
ALTER TABLE event ADD COLUMN signed_place bytea;    -- of one signature over a whole capture; NULL once erased

-- Keys of trading partners, as the records in the log say. A key is one partner's, and stays so.
CREATE TABLE partner_key (
    key_id             text        PRIMARY KEY,  -- JWK thumbprint
    partner            text        NOT NULL,
    jwk                bytea       NOT NULL,
    note_hash          text,                     -- short hash by which notes name the key; NULL for P-256
    valid_from         timestamptz NOT NULL,
    valid_until        timestamptz,              -- NULL: until it is revoked
    registered_at      timestamptz NOT NULL,
    record             text        NOT NULL,     -- event id of the record in the log
    revoked_at         timestamptz,              -- signatures that come later do not count
    compromised_since  timestamptz,              -- those made since then are in doubt
    revocation_record  text
);
CREATE INDEX partner_key_by_partner ON partner_key (partner, key_id);
