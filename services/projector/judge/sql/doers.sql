-- Say who did these acts of the case: everybody who exercised a duty in them, the actor first.
--   positions bigint[]
SELECT hand.position, array_agg(hand.person ORDER BY hand.is_actor DESC, hand.person)
  FROM (SELECT hand.position, hand.person, bool_or(hand.is_actor) AS is_actor
          FROM hand
         WHERE hand.position = ANY (%(positions)s::bigint[]) AND hand.counts AND hand.human
         GROUP BY hand.position, hand.person) AS hand
 GROUP BY hand.position;
