-- Find the lowest position of an act whose source and id an earlier one has; null where there is none.
-- The table's own constraint forbids it. It may have been dropped, and rows that its index does not know put in.
--   log_id int
SELECT min(later.position)
  FROM (SELECT source, id, min(position) AS position
          FROM ledger.entries
         WHERE log_id = %(log_id)s
         GROUP BY source, id
        HAVING count(*) > 1) AS first
  JOIN ledger.entries AS later USING (source, id)
 WHERE later.log_id = %(log_id)s
   AND later.position > first.position;
