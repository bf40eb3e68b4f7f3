-- Find the act by which a time stamp was renewed. No row: it was not, yet.
--   log_id int, source text, id text
SELECT position
  FROM ledger.entries
 WHERE log_id = %(log_id)s
   AND source = %(source)s
   AND id = %(id)s;
