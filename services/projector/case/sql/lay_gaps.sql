-- Lay out positions of the log without an act, and acts further on than the read model has read. Only where units are
-- judged, and only where the number of acts is not the position of the last: then it walks through all of them.
--   log_id int, position bigint
INSERT INTO gap (first, last, beyond, before, after, noticed)
WITH counted AS MATERIALIZED (
    SELECT count(*) = %(position)s AND max(acts.position) = %(position)s AS whole
      FROM projector.acts
     WHERE acts.log_id = %(log_id)s
       AND EXISTS (SELECT FROM unit)
), held AS (
    SELECT acts.position, coalesce(lag(acts.position) OVER (ORDER BY acts.position), 0) AS previous
      FROM projector.acts
     WHERE acts.log_id = %(log_id)s
       AND EXISTS (SELECT FROM unit)
       AND NOT (SELECT counted.whole FROM counted)
), broken AS (
    SELECT held.previous + 1 AS first, held.position - 1 AS last, false AS beyond
      FROM held
     WHERE held.position > held.previous + 1 AND held.position <= %(position)s
     UNION ALL
    SELECT coalesce(max(held.position), 0) + 1, %(position)s, false
      FROM held
     WHERE held.position <= %(position)s
    HAVING coalesce(max(held.position), 0) < %(position)s AND EXISTS (SELECT FROM unit)
       AND NOT (SELECT counted.whole FROM counted)
     UNION ALL
    SELECT min(held.position), max(held.position), true
      FROM held
     WHERE held.position > %(position)s
    HAVING count(*) > 0
)
SELECT broken.first, broken.last, broken.beyond, before.position, after.position,
       coalesce(after.known_from, before.known_from, moment.as_of)
  FROM broken
 CROSS JOIN moment
  LEFT JOIN projector.acts AS before ON before.log_id = %(log_id)s AND before.position = broken.first - 1
  LEFT JOIN projector.acts AS after ON after.log_id = %(log_id)s
                                   AND after.position = CASE WHEN broken.beyond THEN broken.first ELSE broken.last + 1 END;
