-- Find who exercised several duties on one project of the case, or one of `alone`: rows as those of conflicts_hands.sql
-- and, as many as positions, when each was exercised. No row: nobody did.
--   machines boolean (systems too), alone text[]
WITH acted AS (
    SELECT hand.position, hand.project, hand.person, hand.role, hand.function, hand.time, false AS vested
      FROM hand
     WHERE hand.counts AND (hand.human OR (%(machines)s AND hand.actor LIKE 'system:%%'))
     UNION ALL
    SELECT hand.position, hand.project, coalesce(account.person, act.onbehalfof), hand.role, hand.function, hand.time, true
      FROM act
      JOIN hand ON hand.position = act.position AND hand.is_actor AND hand.counts
      LEFT JOIN account ON account.account = act.onbehalfof AND act.time >= account.starts AND act.time < account.ends
     WHERE act.onbehalfof IS NOT NULL
)
SELECT project, person,
       json_agg(role)::text,
       string_agg(position::text, ' '),
       string_agg(coalesce(function, '') || CASE WHEN vested THEN '!' ELSE '' END, ' '),
       array_agg(time)
  FROM (SELECT * FROM acted ORDER BY project COLLATE "C", person COLLATE "C", role) AS done
 GROUP BY project, person
HAVING min(role) <> max(role) OR bool_or(role = ANY (%(alone)s::text[]))
 ORDER BY project COLLATE "C", person COLLATE "C";
