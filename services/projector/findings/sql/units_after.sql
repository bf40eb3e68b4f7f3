-- List the next units that were registered, in the order of their code points. No row: there are no more.
--   log_id int, after text, limit int
SELECT DISTINCT unit COLLATE "C"
  FROM projector.units
 WHERE log_id = %(log_id)s
   AND unit COLLATE "C" > %(after)s
 ORDER BY 1
 LIMIT %(limit)s;
