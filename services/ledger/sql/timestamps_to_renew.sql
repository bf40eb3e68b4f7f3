-- Read the time stamps that should be renewed, the oldest first, with what they are of. Their certificate ends within
-- `days`, and within half of the time that it had left when it stamped: else each renewal would at once be due for the
-- next. One of `authorities` gave a stamp that lasts longer: with less there is nothing to renew them by. And no act says
-- yet that they were renewed. No row: none.
--   log_id int, now timestamptz, days int, authorities text[], source text, prefix text
SELECT own.size, own.authority, own.response, signed.note
  FROM ledger.timestamps AS own
  JOIN ledger.checkpoints AS signed
    ON signed.log_id = own.log_id
   AND signed.size = own.size
 WHERE own.log_id = %(log_id)s
   AND own.certificate_until < %(now)s + make_interval(days => %(days)s)
   AND own.certificate_until - %(now)s < (own.certificate_until - own.stamped_at) / 2
   AND own.certificate_until < (
        SELECT max(other.certificate_until)
          FROM ledger.timestamps AS other
         WHERE other.log_id = %(log_id)s
           AND other.authority = ANY (%(authorities)s)
       )
   AND NOT EXISTS (
        SELECT FROM ledger.entries AS said
         WHERE said.log_id = own.log_id
           AND said.source = %(source)s
           AND said.id = %(prefix)s || encode(sha256(own.response), 'hex')
       )
 ORDER BY own.size, own.authority
 LIMIT 1000;  -- the others at the next look
