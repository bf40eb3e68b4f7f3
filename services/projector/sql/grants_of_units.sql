-- List the grants that are these units': made or vested in one, naming it in their scope, or given to one of its posts.
-- What rests on them is not here. No row for a unit: none.
--   log_id int, references text[]
SELECT unit, name, position, known_from
  FROM projector.grants
 WHERE log_id = %(log_id)s
   AND unit = ANY (%(references)s::text[])
 UNION
SELECT asked.unit, grants.name, grants.position, grants.known_from
  FROM unnest(%(references)s::text[]) AS asked (unit)
  JOIN projector.grants
    ON grants.log_id = %(log_id)s
   AND grants.payload -> 'scope' -> 'units' ? asked.unit
 UNION
SELECT asked.unit, grants.name, grants.position, grants.known_from
  FROM unnest(%(references)s::text[]) AS asked (unit)
  JOIN projector.grants
    ON grants.log_id = %(log_id)s
   AND grants.grantee ~>=~ ('post:' || substr(asked.unit, length('unit:') + 1) || '/')  -- `0` is what follows `/`
   AND grants.grantee ~<~ ('post:' || substr(asked.unit, length('unit:') + 1) || '0');
