-- Have a frozen log name the one that goes on. No row: it is not frozen, or names one already.
--   log_id int, successor text
UPDATE ledger.heads
   SET successor = %(successor)s
 WHERE log_id = %(log_id)s
   AND frozen_at IS NOT NULL
   AND successor IS NULL
RETURNING successor;
