-- Lay out what people of a project have to do with suppliers that take part in it: what was recorded and declared, and
-- what the registers say (employers; heads, directors, controllers, shareholders of a supplier). R4 is a relative of the
-- supplier's head: of somebody whom the registry knows and who is none, it is only a suspicion (R5).
--   log_id int
INSERT INTO tie (project, person, supplier, relation, starts, ends, declared, position, known_from, joined, joining)
WITH part AS (
    SELECT DISTINCT ON (participant.project, participant.supplier) participant.project, participant.supplier,
           participant.time, participant.position
      FROM participant
     WHERE participant.kind <> 'prior_service'
     ORDER BY participant.project, participant.supplier, participant.time, participant.position
), found AS MATERIALIZED (
    SELECT relation.person, relation.supplier, relation.relative, relation.relation, relation.starts, relation.ends,
           relation.position, relation.known_from
      FROM relation
     WHERE relation.relation IN ('R1', 'R2', 'R3', 'R4', 'R5')
     UNION ALL
    SELECT employer.person, employer.employer, NULL, 'R1',
           CASE WHEN EXISTS (SELECT FROM employer AS before
                              WHERE before.person = employer.person AND before.ends <= employer.starts)
                THEN projector.local_day(employer.starts) END,
           CASE WHEN isfinite(employer.ends) THEN projector.local_day(employer.ends) END, employer.position,
           employer.starts
      FROM employer
     WHERE employer.employer LIKE 'supplier:%%'
     UNION ALL
    SELECT listed.person, supplier.supplier, NULL, listed.relation, NULL,
           CASE WHEN isfinite(supplier.ends) THEN projector.local_day(supplier.ends) END, supplier.position,
           supplier.starts
      FROM supplier
      JOIN projector.acts ON acts.log_id = %(log_id)s AND acts.position = supplier.position
      LEFT JOIN recast ON recast.position = supplier.position
     CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
     CROSS JOIN LATERAL (
           SELECT unnest(supplier.head), 'R1'
            UNION ALL
           SELECT unnest(supplier.managers), 'R3'
            UNION ALL
           SELECT jsonb_array_elements_text(CASE jsonb_typeof(said.data -> 'directors')
                                            WHEN 'array' THEN said.data -> 'directors' ELSE '[]' END), 'R2'
            UNION ALL
           SELECT item ->> 'holder', CASE WHEN projector.as_number(item ->> 'share') > 0.5 THEN 'R3' ELSE 'R5' END
             FROM jsonb_array_elements(CASE jsonb_typeof(said.data -> 'shareholders')
                                       WHEN 'array' THEN said.data -> 'shareholders' ELSE '[]' END) AS item
           ) AS listed (person, relation)
     WHERE listed.person LIKE 'person:%%'
), people AS MATERIALIZED (
    SELECT DISTINCT hand.project, hand.person
      FROM hand
     WHERE hand.human AND hand.person IN (SELECT found.person FROM found)
)
SELECT DISTINCT people.project, people.person, part.supplier,
       CASE WHEN found.relation = 'R4' AND NOT found.relative = ANY (chief.names) THEN 'R5' ELSE found.relation END,
       found.starts, found.ends,
       EXISTS (SELECT FROM declaration
                WHERE declaration.project = people.project AND declaration.position = found.position),
       found.position, found.known_from, part.time, part.position
  FROM found
  JOIN people ON people.person = found.person
  JOIN part ON part.project = people.project
 CROSS JOIN LATERAL (
       SELECT array_agg(name) AS names
         FROM supplier
        CROSS JOIN LATERAL unnest(supplier.head) AS name
        WHERE supplier.supplier = part.supplier AND supplier.ends > part.time) AS chief
 WHERE found.supplier = part.supplier
    OR found.relation = 'R4' AND found.relative = ANY (chief.names);
