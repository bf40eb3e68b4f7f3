-- Find when acts of both sides of a pair had been done. Always a row.
--   log_id int, positions bigint[], ones text[], others text[] (types of acts)
SELECT CASE WHEN count(*) FILTER (WHERE type = ANY (%(ones)s)) > 0 AND count(*) FILTER (WHERE type = ANY (%(others)s)) > 0
            THEN greatest(min(time) FILTER (WHERE type = ANY (%(ones)s)), min(time) FILTER (WHERE type = ANY (%(others)s)))
            ELSE max(time) END
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND position = ANY (%(positions)s);
