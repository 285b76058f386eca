-- name: put_links
-- All links of one level of a key.
INSERT INTO link_set (anchor, links, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (anchor) DO UPDATE SET links = excluded.links, changed_at = excluded.changed_at;

-- name: links_of
-- The links of these levels.
SELECT anchor, links FROM link_set WHERE anchor = ANY($1::text[]);

-- name: drop_links
-- Ends all links of a level.
DELETE FROM link_set WHERE anchor = $1 RETURNING anchor;

-- name: page_of_links
-- The next levels that have links behind one of them; with links of $3 bytes together or one more.
SELECT anchor, links FROM (
    SELECT *, sum(octet_length(links)) OVER (ORDER BY anchor) - octet_length(links) AS bytes_before
    FROM (SELECT anchor, links FROM link_set WHERE anchor > $1 ORDER BY anchor LIMIT $2) AS page
) AS counted
WHERE bytes_before < $3 ORDER BY anchor;
