-- Lay out the relations of the people of the case, from evidence and declarations wherever these were recorded. They
-- count whenever they are learned; of what is declared of the declarant by another name the account is resolved.
--   log_id int, known_at timestamptz
INSERT INTO relation (person, supplier, relative, relation, starts, ends, declared, evidence, position, known_from)
WITH named AS MATERIALIZED (
    SELECT people.person AS name, people.person FROM people
     UNION
    SELECT links.account, links.person
      FROM projector.account_links AS links
     WHERE links.log_id = %(log_id)s
       AND links.person = ANY (ARRAY(SELECT people.person FROM people))
       AND links.known_from <= %(known_at)s
       AND links.position NOT IN (SELECT withdrawn.position FROM withdrawn)
), found AS (
    SELECT acts.data ->> 'person' AS name, acts.type, acts.data, acts.position, acts.known_from
      FROM projector.acts
     WHERE acts.log_id = %(log_id)s
       AND acts.type = 'relation.record'
       AND acts.data ->> 'person' = ANY (ARRAY(SELECT named.name FROM named))
     UNION ALL
    SELECT coalesce(acts.data ->> 'declarant', acts.actor), acts.type, acts.data, acts.position, acts.known_from
      FROM projector.acts
     WHERE acts.log_id = %(log_id)s
       AND acts.type = 'coi.declare'
       AND acts.data -> 'relations' <> '[]'
       AND coalesce(acts.data ->> 'declarant', acts.actor) = ANY (ARRAY(SELECT named.name FROM named))
), said AS (
    SELECT named.person, found.type, coalesce(recast.fields, found.data) AS data, found.position, found.known_from
      FROM found
      JOIN named ON named.name = found.name
      LEFT JOIN recast ON recast.position = found.position
     WHERE found.known_from <= %(known_at)s
       AND found.position NOT IN (SELECT withdrawn.position FROM withdrawn)
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
