-- List rows of the register of grants as known then, in the order of their positions. A name may have several: which is
-- meant, and what it is at a moment, the caller finds out. `open_only`: general grants without an end. No row: no more.
--   log_id int, known_at timestamptz, unit text, grantee text (each NULL: any), open_only bool, after bigint, limit int
SELECT position, name
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND known_from <= %(known_at)s
   AND position > %(after)s
   AND (%(unit)s::text IS NULL OR unit = %(unit)s OR payload -> 'scope' -> 'units' ? %(unit)s)
   AND (%(grantee)s::text IS NULL OR grantee = %(grantee)s)
   AND (NOT %(open_only)s OR (kind = 'general' AND ends IS NULL))
 ORDER BY position
 LIMIT %(limit)s;
