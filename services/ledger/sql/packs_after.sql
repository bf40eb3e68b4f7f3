-- Read the catalogue packs that the log holds after a position, in their order.
--   log_id int, after bigint
SELECT position, payload
  FROM ledger.entries
 WHERE log_id = %(log_id)s
   AND position > %(after)s
   AND type = 'catalogue.extend'
 ORDER BY position;
