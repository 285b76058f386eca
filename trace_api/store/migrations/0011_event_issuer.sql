-- Who issued an event that was signed on its own in a capture of several, as it stands with the capture where that was
-- signed as a whole.
ALTER TABLE event ADD COLUMN issuer bytea;          -- JSON; NULL where the capture says it, and once erased
