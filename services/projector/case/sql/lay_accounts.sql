-- Lay out whose the accounts of the case were, from -infinity or the unlink before, until the unlink after. Where two
-- links claim one stretch, the first said holds.
--   log_id int, known_at timestamptz
INSERT INTO account (account, person, starts, ends)
WITH named AS (
    SELECT act.actor AS account FROM act WHERE act.actor LIKE 'account:%%'
     UNION
    SELECT act.onbehalfof FROM act WHERE act.onbehalfof LIKE 'account:%%'
     UNION
    SELECT listed.actor FROM listed WHERE listed.actor LIKE 'account:%%'
     UNION
    SELECT act.data ->> member.name
      FROM act
     CROSS JOIN (VALUES ('person'), ('declarant'), ('replacement')) AS member (name)
     WHERE act.stage = 'INTEREST' AND act.data ->> member.name LIKE 'account:%%'
), spans AS (
    SELECT links.account, links.person, links.time, links.known_from, links.position,
           coalesce(max(links.time) FILTER (WHERE links.person IS NULL) OVER before, '-infinity') AS starts,
           coalesce(min(links.time) FILTER (WHERE links.person IS NULL) OVER after, 'infinity') AS ends
      FROM projector.account_links AS links
     WHERE links.log_id = %(log_id)s
       AND links.account = ANY (ARRAY(SELECT named.account FROM named))
       AND links.known_from <= %(known_at)s
       AND links.position NOT IN (SELECT withdrawn.position FROM withdrawn)
    WINDOW said AS (PARTITION BY links.account ORDER BY links.time, links.known_from, links.position),
           before AS (said ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
           after AS (said ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
)
SELECT DISTINCT ON (spans.account, spans.starts, spans.ends) spans.account, spans.person, spans.starts, spans.ends
  FROM spans
 WHERE spans.person IS NOT NULL AND spans.starts < spans.ends
 ORDER BY spans.account, spans.starts, spans.ends, spans.time, spans.known_from, spans.position;
