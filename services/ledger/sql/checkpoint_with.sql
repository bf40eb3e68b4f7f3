-- Read the smallest signed head from a size on whose note holds all of these texts. No row: there is none.
--   log_id int, size bigint, texts text[]
SELECT size, root, note
  FROM ledger.checkpoints
 WHERE log_id = %(log_id)s
   AND size >= %(size)s
   AND (SELECT bool_and(strpos(note, each) > 0) FROM unnest(%(texts)s::text[]) AS each)
 ORDER BY size
 LIMIT 1;
