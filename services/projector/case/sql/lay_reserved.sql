-- Lay out what only a body may decide, as found by the policies' own reader and stated with the roots of these units.
--   log_id int, known_at timestamptz, units text[], acts text[], amounts text[], starts timestamptz[], ends timestamptz[],
--   positions bigint[]
INSERT INTO reserved (unit, act, amount_from, starts, ends, position, known_from)
SELECT given.unit, given.act, given.amount::numeric, given.starts, given.ends, given.position, acts.known_from
  FROM unnest(%(units)s::text[], %(acts)s::text[], %(amounts)s::text[], %(starts)s::timestamptz[],
              %(ends)s::timestamptz[], %(positions)s::bigint[])
    AS given (unit, act, amount, starts, ends, position)
  JOIN projector.acts ON acts.log_id = %(log_id)s AND acts.position = given.position
 WHERE acts.known_from <= %(known_at)s
   AND given.position NOT IN (SELECT withdrawn.position FROM withdrawn);
