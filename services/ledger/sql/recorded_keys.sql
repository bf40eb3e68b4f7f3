-- Find which idempotency keys are recorded, with what a duplicate is compared with. A key without a row is new.
--   log_id int, sources text[], ids text[] (of equal length)
SELECT entry.source, entry.id, entry.position, entry.leaf_hash, entry.leaf, entry.salt, entry.payload
  FROM unnest(%(sources)s::text[], %(ids)s::text[]) AS wanted (source, id)
  JOIN ledger.entries AS entry
    ON entry.log_id = %(log_id)s AND entry.source = wanted.source AND entry.id = wanted.id;
