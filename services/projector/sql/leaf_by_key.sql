-- Find an act by its key, with its leaf. No row: the read model does not hold it.
--   log_id int, source text, id text
SELECT acts.position, feed.leaf
  FROM projector.acts
  JOIN ledger.feed_v1 AS feed ON feed.log_id = acts.log_id AND feed.position = acts.position
 WHERE acts.log_id = %(log_id)s
   AND acts.source = %(source)s
   AND acts.id = %(id)s;
