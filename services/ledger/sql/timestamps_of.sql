-- Read the time stamps that say the most about some acts, for each authority: the first one over a tree that holds
-- them, which says that they are no younger, and the newest one. No row: nobody stamped a tree that large.
--   log_id int, last bigint (the acts' last position), size bigint (of the newest tree in question)
WITH held AS (
    SELECT stamp.size, stamp.authority, stamp.response, stamp.chain, signed.root, signed.note,
           row_number() OVER (PARTITION BY stamp.authority ORDER BY stamp.size) AS from_first,
           row_number() OVER (PARTITION BY stamp.authority ORDER BY stamp.size DESC) AS from_newest
      FROM ledger.timestamps AS stamp
      JOIN ledger.checkpoints AS signed USING (log_id, size)
     WHERE stamp.log_id = %(log_id)s
       AND stamp.size BETWEEN %(last)s AND %(size)s
)
SELECT size, root, note, response, chain
  FROM held
 WHERE from_first = 1 OR from_newest = 1
 ORDER BY size, authority;
