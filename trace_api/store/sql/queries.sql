-- name: create_query
-- A named query, unless there are $5 of the partner's already; nothing where the name is taken.
INSERT INTO named_query (partner, name, definition, created_at)
SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM named_query WHERE partner = $1) < $5
ON CONFLICT DO NOTHING RETURNING name;

-- name: read_query
-- A named query.
SELECT name, definition FROM named_query WHERE partner = $1 AND name = $2;

-- name: page_of_queries
-- The next named queries behind a name; with definitions of $4 bytes together or one more.
SELECT name, definition FROM (
    SELECT *, sum(octet_length(definition)) OVER (ORDER BY name) - octet_length(definition) AS bytes_before
    FROM (
        SELECT name, definition FROM named_query WHERE partner = $1 AND name > $2 ORDER BY name LIMIT $3
    ) AS page
) AS counted
WHERE bytes_before < $4 ORDER BY name;

-- name: drop_query
-- Ends a named query.
DELETE FROM named_query WHERE partner = $1 AND name = $2 RETURNING name;

-- name: drop_subscriptions
-- Ends all subscriptions to a named query.
DELETE FROM subscription WHERE partner = $1 AND query_name = $2;

-- name: create_subscription
-- A subscription, unless there are $12 of the partner's already, or the query is gone.
INSERT INTO subscription (
    subscription_id, partner, query_name, dest, signature_token, schedule, report_if_empty, epc_format,
    initial_record_time, created_at, next_leaf_index, due_at, failures
)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, now(), $10, $11, 0
WHERE (SELECT count(*) FROM subscription WHERE partner = $2) < $12
  AND EXISTS (SELECT FROM named_query WHERE partner = $2 AND name = $3 FOR KEY SHARE)
RETURNING subscription_id;

-- name: read_subscription
-- A subscription.
SELECT * FROM subscription WHERE partner = $1 AND query_name = $2 AND subscription_id = $3;

-- name: page_of_subscriptions
-- The next subscriptions to a query behind one of them.
SELECT * FROM subscription WHERE partner = $1 AND query_name = $2 AND subscription_id > $3
ORDER BY subscription_id LIMIT $4;

-- name: drop_subscription
-- Ends a subscription.
DELETE FROM subscription WHERE partner = $1 AND query_name = $2 AND subscription_id = $3 RETURNING subscription_id;

-- name: claim_due
-- Takes subscriptions that are due: streams where the log has grown, others by their time. Whoever takes one has
-- it until $3; nobody else takes it before.
UPDATE subscription SET due_at = $3
WHERE subscription_id IN (
    SELECT subscription_id FROM subscription
    WHERE due_at <= $2 AND (schedule IS NOT NULL OR next_leaf_index < $1)
    ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED
)
RETURNING *;

-- name: advance
-- Notes how far a subscription has been told, and when to look again; nothing where it is gone or was taken over.
UPDATE subscription SET
    next_leaf_index = $3, due_at = $4, failures = 0, last_failure = NULL,
    last_notified_at = coalesce($5, last_notified_at)
WHERE subscription_id = $1 AND next_leaf_index = $2
RETURNING subscription_id;

-- name: postpone
-- Notes a failed delivery; nothing where it was taken over and told meanwhile.
UPDATE subscription SET due_at = $3, failures = failures + 1, last_failure = $4
WHERE subscription_id = $1 AND next_leaf_index = $2;

-- name: leaf_of_record_time
-- The first leaf of the captures since a time, or the end of the log.
SELECT coalesce(
    (SELECT min(first_leaf_index) FROM capture WHERE record_time >= $1 AND event_count > 0),
    (SELECT tree_size FROM log_head WHERE log_id = 1)
);

-- name: tree_size
-- How many leaves the log has.
SELECT tree_size FROM log_head WHERE log_id = 1;
