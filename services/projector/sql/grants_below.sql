-- List the grants that rest on one, as known then: those that name it as parent, and those that name none and whose
-- grantor it is the root of. No row: none does.
--   log_id int, known_at timestamptz, name text
SELECT rests.name
  FROM projector.grant_parents_at(%(log_id)s, %(known_at)s) AS rests
  JOIN projector.grants_at(%(log_id)s, %(known_at)s) AS grants
    ON grants.name = rests.name
 WHERE rests.parent = %(name)s
 ORDER BY grants.position;
