-- Lay out the relations of the people of the case, from evidence and declarations wherever these were recorded. They
-- count whenever they are learned; of what is declared of the declarant by another name the account is resolved.
--   log_id int, as_of timestamptz, known_at timestamptz
INSERT INTO relation (person, supplier, relative, relation, starts, ends, declared, evidence, position, known_from)
WITH named AS (
    SELECT hand.person AS name, hand.person FROM hand WHERE hand.human
     UNION
    SELECT links.account, links.person
      FROM projector.account_links AS links
     WHERE links.log_id = %(log_id)s
       AND links.person IN (SELECT hand.person FROM hand WHERE hand.human)
       AND links.known_from <= %(known_at)s
       AND links.position NOT IN (SELECT withdrawn.position FROM withdrawn)
), said AS (
    SELECT named.person, acts.type, coalesce(recast.fields, acts.data) AS data, acts.position, acts.known_from
      FROM named
      JOIN projector.acts ON acts.log_id = %(log_id)s AND acts.type = 'relation.record'
                         AND acts.data ->> 'person' = named.name
      LEFT JOIN recast ON recast.position = acts.position
     WHERE acts.known_from <= %(known_at)s
       AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn)
     UNION ALL
    SELECT named.person, acts.type, coalesce(recast.fields, acts.data), acts.position, acts.known_from
      FROM named
      JOIN projector.acts ON acts.log_id = %(log_id)s AND acts.type = 'coi.declare'
                         AND coalesce(acts.data ->> 'declarant', acts.actor) = named.name
      LEFT JOIN recast ON recast.position = acts.position
     WHERE acts.known_from <= %(known_at)s
       AND acts.data -> 'relations' IS NOT NULL AND acts.data -> 'relations' <> '[]'
       AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn)
)
SELECT said.person, said.data ->> 'supplier', said.data ->> 'relative', said.data ->> 'relation',
       projector.as_day(said.data ->> 'from'), projector.as_day(said.data ->> 'until'), false, said.data ->> 'evidence',
       said.position, said.known_from
  FROM said
 WHERE said.type = 'relation.record' AND said.data ->> 'relation' IS NOT NULL
 UNION ALL
SELECT said.person, item ->> 'supplier', item ->> 'relative', item ->> 'relation', projector.as_day(item ->> 'from'),
       projector.as_day(item ->> 'until'), true, 'self', said.position, said.known_from
  FROM said
 CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(said.data -> 'relations')
                                         WHEN 'array' THEN said.data -> 'relations' ELSE '[]' END) AS item
 WHERE said.type = 'coi.declare' AND item ->> 'relation' IS NOT NULL;
